/* page.h - a page of a list as the queen answers it, {"NAME":[item, ...], "next":...}, read item by item: the server
 * may be nobody's queen, and a tree of cJSON costs up to forty times its text. Pure. */
#ifndef SKEP_CLI_PAGE_H
#define SKEP_CLI_PAGE_H

#include "text.h"

struct cJSON;

#define PAGE_LIMIT 1000           /* items: what is requested; of events a queen has no more */
#define PAGE_ITEM_MAX (64 * 1024) /* bytes of an item: a worker has two documents of 16 KiB at most */
#define PAGE_MEMBERS_MAX 64       /* besides the list */

struct page {
    const char *name; /* of the list */
    /* `item` is an object, borrowed until it returns. */
    void (*take)(void *user, const struct cJSON *item);
    void *user;
};

/* Hands out the items in their order; those that stand before a fault are handed out all the same. *ret (cJSON_Delete)
 * has the other members. Without a sentence: ERR_SYNTAX no JSON object with such a list, ERR_TOO_LARGE more of
 * something than there may be, ERR_NOMEM. */
enum err page_read(const struct page *page, struct text body, struct cJSON **ret);

#endif
