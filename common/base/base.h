/* base.h - the handful of things every file uses. */
#ifndef SKEP_BASE_H
#define SKEP_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Milliseconds. As a point in time: monotonic, or unix time where the name says `wall`. */
typedef int64_t ms_t;
#define MS_NEVER INT64_MAX

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* The struct whose member `at` points to. */
#define CONTAINER_OF(at, type, member) ((type *)((char *)(at)-offsetof(type, member)))

#define PRINTF_LIKE(format_at, args_at) __attribute__((format(printf, format_at, args_at)))
#define MUST_CHECK __attribute__((warn_unused_result))

/* `auto_free(type) p = ...;` frees p with type_free when the scope ends, but for `*ret = HAND_OVER(p);`. The type's
 * header declares it with DEFINE_AUTO_FREE(type). */
#define auto_free(type) __attribute__((cleanup(type##_auto_free))) struct type *
#define DEFINE_AUTO_FREE(type)                           \
    static inline void type##_auto_free(struct type **p) \
    {                                                    \
        type##_free(*p);                                 \
    }

#define HAND_OVER(p)                \
    __extension__({                 \
        __typeof__(p) handed = (p); \
        (p) = NULL;                 \
        handed;                     \
    })

/* `auto_clear(type) x = ...;` calls type_clear on a struct that is held by value. */
#define auto_clear(type) __attribute__((cleanup(type##_clear))) struct type

/* `const char *function(type value)`: the names of an enum, from its list of X(symbol, name) in the order of its
 * values; `otherwise` for a value that is none. */
#define NAME_OF_ROW(symbol, name) name,
#define DEFINE_NAMES(function, type, list, otherwise)                         \
    const char *function(type value)                                          \
    {                                                                         \
        static const char *const names[] = { list(NAME_OF_ROW) };             \
        return (size_t)value < ARRAY_LEN(names) ? names[value] : (otherwise); \
    }

static inline ms_t ms_min(ms_t a, ms_t b)
{
    return a < b ? a : b;
}

static inline ms_t ms_max(ms_t a, ms_t b)
{
    return a > b ? a : b;
}

#endif
