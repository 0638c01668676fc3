#include "document_store.h"

#include <stdlib.h>

#include "rations.h"

/* Documents of one sender differ by a few digits: room for that saves the reallocation. */
static size_t room_for(size_t len)
{
    return (len + 16) & ~(size_t)15;
}

static bool fits(const struct document *document, size_t len)
{
    return document && len + 1 <= document->size && room_for(len + 1) * 4 >= document->size;
}

/* Which of its two documents. */
static uint8_t bit_of(const struct record *record, struct document *const *document)
{
    return document == &record->witness ? RECORD_WITNESS : RECORD_HEARTBEAT;
}

/* Others' documents make room for so many bytes more of this record's. */
static enum err drop_others(struct registry *registry, const struct record *record, size_t more)
{
    struct record *victim;
    for (unsigned dropped = 0; registry->document_bytes + more > registry->max_document_bytes; dropped++) {
        victim = dropped < RATION_DROPS
                     ? tenants_document_victim(&registry->shares, record, more, registry->max_document_bytes)
                     : NULL;
        registry_note_pressure(registry, PRESSURE_DOCUMENTS,
                               share_name(share_greatest(&registry->shares, RATION_BYTES)), victim != NULL);
        if (!victim)
            return ERR_FULL;
        victim->dropped |= (victim->document ? RECORD_HEARTBEAT : 0) | (victim->witness ? RECORD_WITNESS : 0);
        registry_drop_documents(registry, victim);
    }
    return OK;
}

/* Makes *document one that the text fits into. */
static enum err make_room(struct registry *registry, struct record *record, struct document **document, size_t len)
{
    size_t room = room_for(len + 1), before = document_size(*document);
    struct document *larger;
    if (room > before && drop_others(registry, record, room - before) != OK)
        return ERR_FULL;
    if (!(larger = malloc(sizeof *larger + room)))
        return ERR_NOMEM;
    larger->size = (uint32_t)room;
    registry_set_document(registry, record, document, larger);
    return OK;
}

enum err document_store(struct registry *registry, struct record *record, struct document **document, struct text text)
{
    enum err err = fits(*document, text.len) ? OK : make_room(registry, record, document, text.len);
    if (err != OK) {
        registry_set_document(registry, record, document, NULL);
        record->dropped |= bit_of(record, document);
        return err;
    }
    memcpy((*document)->text, text.at, text.len);
    (*document)->text[text.len] = '\0';
    (*document)->len = (uint32_t)text.len;
    record->dropped &= (uint8_t)~bit_of(record, document);
    return OK;
}

enum err document_store_heartbeat(struct registry *registry, struct record *record, struct text heartbeat,
                                  const struct load *load)
{
    enum err err = document_store(registry, record, &record->document, heartbeat);
    registry_set_load(registry, record, err == OK ? load : &LOAD_NONE);
    return err;
}
