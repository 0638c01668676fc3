/* What a server answers to skep, who may be nobody's queen: any bytes, shown in every way. Nothing of it may harm a
 * terminal, begin a line of its own or pass for a row of a table, and what is written as JSON is the JSON that came. */
#include <locale.h>

#include "api_problem.h"
#include "describe_text.h"
#include "document.h"
#include "event_line.h"
#include "fuzz.h"
#include "page.h"
#include "template.h"
#include "verify_line.h"
#include "worker_list.h"

#define WIDTH 60
#define MANY 3

static void check_line(struct text line, size_t width)
{
    require(text_is_utf8(line) && !text_has_control(line) && !memchr(line.at, '\t', line.len));
    require(width == 0 || printable_width(line) <= width);
}

/* Lines that end, each printable; returns how many. */
static size_t check_lines(const struct buf *buf, size_t width)
{
    struct text rest = buf_text(buf);
    size_t count = 0;
    require(buf_ok(buf));
    while (rest.len > 0) {
        check_line(text_split(&rest, '\n'), width);
        require(rest.at);
        count++;
    }
    return count;
}

static bool is_flat(const struct text text)
{
    return !memchr(text.at, '\n', text.len);
}

static void check_table(const char *format, const cJSON *worker, size_t width)
{
    struct display display = { .width = width };
    struct worker_list *list = worker_list_new(format);
    struct buf shown = BUF_INIT, hidden = BUF_INIT;
    require(list);
    for (size_t i = 0; i < MANY; i++)
        worker_list_add(list, worker);
    require(worker_list_count(list) == MANY && worker_list_print(list, "live", &display, &shown) == OK);
    require(check_lines(&shown, width) == MANY + 1); /* the head, and a row each */
    worker_list_add_hidden(list, &hidden);
    check_line(buf_text(&hidden), 0);
    buf_clear(&shown);
    buf_clear(&hidden);
    worker_list_free(list);
}

static void check_list(const char *format, const cJSON *worker, size_t lines)
{
    struct display display = { 0 };
    struct worker_list *list = worker_list_new(format);
    struct buf shown = BUF_INIT;
    require(list);
    for (size_t i = 0; i < MANY; i++)
        worker_list_add(list, worker);
    require(worker_list_print(list, "live", &display, &shown) == OK && check_lines(&shown, 0) == lines);
    buf_reset(&shown);
    if (worker_list_is_watchable(list))
        worker_list_add_change(list, worker, &display, &shown);
    (void)check_lines(&shown, 0);
    buf_clear(&shown);
    worker_list_free(list);
}

/* It is JSON again, and written the same. */
static void check_json(const cJSON *document)
{
    struct buf first = BUF_INIT, second = BUF_INIT;
    cJSON *again;
    document_add_json(&first, document);
    check_line(buf_text(&first), 0);
    again = cJSON_ParseWithLength(first.at, first.len);
    require(again);
    document_add_json(&second, again);
    require(text_equal(buf_text(&first), buf_text(&second)));
    cJSON_Delete(again);
    buf_clear(&first);
    buf_clear(&second);
}

static void check_text(const cJSON *document)
{
    struct display narrow = { .width = WIDTH }, pipe = { 0 };
    struct buf shown = BUF_INIT, folded = BUF_INIT;
    describe_text_add(&shown, document, false);
    (void)check_lines(&shown, 0);
    printable_fold(&folded, buf_text(&shown), WIDTH, DESCRIBE_INDENT);
    (void)check_lines(&folded, WIDTH);
    buf_reset(&shown);
    event_add(&shown, document, false, &narrow);
    (void)check_lines(&shown, WIDTH);
    buf_reset(&shown);
    event_add(&shown, document, false, &pipe);
    event_add(&shown, document, true, &pipe);
    require(check_lines(&shown, 0) == 2);
    buf_reset(&shown);
    verify_line_add(&shown, document, false);
    require(check_lines(&shown, 0) == 1);
    buf_clear(&shown);
    buf_clear(&folded);
}

static void check_sentence(const struct errbuf *e)
{
    require(e->text[0] && text_is_utf8(text_of(e->text)) && is_flat(text_of(e->text)));
    check_line(text_of(e->text), 0);
}

static void check_item(void *user, const cJSON *item)
{
    size_t *count = user;
    require(cJSON_IsObject(item) && ++*count <= PAGE_LIMIT);
}

static void check_page(struct text body)
{
    size_t count = 0;
    struct page page = { "workers", check_item, &count };
    cJSON *members = NULL;
    require((page_read(&page, body, &members) == OK) == cJSON_IsObject(members));
    cJSON_Delete(members);
}

static void check_problem(struct text body)
{
    static const int statuses[] = { 400, 401, 403, 404, 409, 421, 503 };
    for (size_t i = 0; i < ARRAY_LEN(statuses); i++) {
        struct errbuf e = { 0 };
        require(api_problem_read(&(struct problem_source){ "it", "http://h", i % 2 }, statuses[i], body, &e) != OK);
        check_sentence(&e);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct text body = { (const char *)bytes, len };
    struct errbuf e = { 0 };
    static const char *locale;
    cJSON *document;
    locale = locale ? locale : setlocale(LC_CTYPE, "C.UTF-8"); /* as skep has it */
    require(locale);
    check_problem(body);
    check_page(body);
    document = cJSON_ParseWithLength(body.at, body.len);
    if (cJSON_IsObject(document)) {
        check_json(document);
        check_table("table", document, WIDTH);
        check_table("table", document, 0);
        check_table("wide", document, 3 * WIDTH);
        check_list("json", document, 1);
        check_list("jsonl", document, MANY);
        check_list("name", document, MANY);
        check_text(document);
        if (verify_judge(document, &e) != OK)
            check_sentence(&e);
    }
    cJSON_Delete(document);
    return 0;
}
