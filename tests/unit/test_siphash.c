#include "siphash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The reference vectors: key 00 01 .. 0f, input 00 01 .. of each length. The one of 15 bytes is in the paper. */
static const struct siphash_key key = { 0x0706050403020100, 0x0F0E0D0C0B0A0908 };

static void reference_vectors(void **state)
{
    static const struct {
        const char *why;
        size_t len;
        uint64_t hash;
    } rows[] = {
        { "nothing", 0, 0x726FDB47DD0E0E31 },
        { "one byte", 1, 0x74F839C593DC67FD },
        { "seven bytes: all in the last word", 7, 0xAB0200F58B01D137 },
        { "eight bytes: one whole word", 8, 0x93F5F5799A932462 },
        { "a word and a byte", 9, 0x9E0082DF0BA9E4B0 },
        { "the example of the paper", 15, 0xA129CA6149BE45E5 },
        { "two words", 16, 0x3F2ACC7F57C29BDB },
        { "the longest vector", 63, 0x958A324CEB064572 },
        { "longer than the length byte counts", 300, 0x4B0B710DB6117839 },
    };
    unsigned char input[300];
    (void)state;
    for (size_t i = 0; i < sizeof input; i++)
        input[i] = (unsigned char)i;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        print_message("  %s\n", rows[i].why);
        assert_true(siphash(&key, input, rows[i].len) == rows[i].hash);
    }
}

static void the_place_in_memory_does_not_matter(void **state)
{
    char bytes[64];
    (void)state;
    for (size_t shift = 0; shift < 16; shift++) {
        memcpy(bytes + shift, "queen.example/worker-17", 23);
        assert_true(siphash(&key, bytes + shift, 23) == siphash(&key, "queen.example/worker-17", 23));
    }
}

static void it_reads_no_byte_beyond_the_input(void **state)
{
    (void)state;
    for (size_t len = 1; len < 32; len++) {
        unsigned char *exact = malloc(len);
        unsigned char padded[40];
        assert_non_null(exact);
        memset(padded, 0xEE, sizeof padded);
        memset(exact, 7, len);
        memset(padded, 7, len);
        assert_true(siphash(&key, exact, len) == siphash(&key, padded, len));
        free(exact);
    }
}

static void nothing_may_be_a_null_pointer(void **state)
{
    (void)state;
    assert_true(siphash(&key, NULL, 0) == siphash(&key, "", 0));
}

static void both_halves_of_the_key_count(void **state)
{
    struct siphash_key first = { key.k0 ^ 1, key.k1 }, second = { key.k0, key.k1 ^ 1 };
    (void)state;
    uint64_t hash = siphash(&key, "w1", 2);
    assert_true(siphash(&first, "w1", 2) != hash);
    assert_true(siphash(&second, "w1", 2) != hash);
    assert_true(siphash(&first, "w1", 2) != siphash(&second, "w1", 2));
}

static void each_purpose_has_its_key(void **state)
{
    struct siphash_key one = siphash_derive(&key, "one"), again = siphash_derive(&key, "one");
    struct siphash_key two = siphash_derive(&key, "two"), other = { key.k0, key.k1 ^ 1 };
    struct siphash_key of_other = siphash_derive(&other, "one");
    (void)state;
    assert_memory_equal(&one, &again, sizeof one);
    assert_true(one.k0 != one.k1);
    assert_true(one.k0 != two.k0 && one.k1 != two.k1);
    assert_true(one.k0 != of_other.k0 && one.k1 != of_other.k1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reference_vectors),
        cmocka_unit_test(the_place_in_memory_does_not_matter),
        cmocka_unit_test(it_reads_no_byte_beyond_the_input),
        cmocka_unit_test(nothing_may_be_a_null_pointer),
        cmocka_unit_test(both_halves_of_the_key_count),
        cmocka_unit_test(each_purpose_has_its_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
