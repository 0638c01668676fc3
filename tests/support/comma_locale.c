#include "comma_locale.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const char source[] = "LC_NUMERIC\ndecimal_point \",\"\nthousands_sep \"\"\ngrouping -1\nEND LC_NUMERIC\n";

/* localedef fails for what is not defined, though it writes the rest. */
#define MAKE "localedef -c --no-archive -i %s/source %s/comma 2>/dev/null || true"

void comma_locale_begin(void)
{
    char folder[] = "/tmp/test_locale.XXXXXX", path[64], command[256];
    FILE *file;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/source", folder);
    assert_non_null(file = fopen(path, "we"));
    fputs(source, file);
    fclose(file);
    snprintf(command, sizeof command, MAKE, folder, folder);
    assert_int_equal(system(command), 0);
    assert_int_equal(setenv("LOCPATH", folder, 1), 0);
    assert_non_null(setlocale(LC_NUMERIC, "comma"));
    assert_string_equal(localeconv()->decimal_point, ",");
    snprintf(command, sizeof command, "rm -r %s", folder);
    assert_int_equal(system(command), 0);
}

void comma_locale_end(void)
{
    setlocale(LC_NUMERIC, "C");
    unsetenv("LOCPATH");
}
