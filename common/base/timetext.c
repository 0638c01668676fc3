#include "timetext.h"

#include <ctype.h>
#include <string.h>
#include <time.h>

#define YEAR_0000 INT64_C(-62167219200000)     /* 0000-01-01T00:00:00.000Z */
#define YEAR_9999_END INT64_C(253402300799999) /* 9999-12-31T23:59:59.999Z */

/* Writes `value` with leading zeros and what stands behind it; returns the place that follows. */
static char *put(char *at, int value, int digits, char behind)
{
    for (int i = digits; i-- > 0; value /= 10)
        at[i] = (char)('0' + value % 10);
    at[digits] = behind;
    return at + digits + 1;
}

void time_to_text(ms_t wall, char ret[TIMETEXT_SIZE])
{
    ms_t clamped = ms_max(YEAR_0000, ms_min(YEAR_9999_END, wall)) - YEAR_0000; /* never negative */
    time_t seconds = (clamped + YEAR_0000 - clamped % 1000) / 1000;
    struct tm tm;
    char *at;
    gmtime_r(&seconds, &tm);
    at = put(ret, tm.tm_year + 1900, 4, '-');
    at = put(at, tm.tm_mon + 1, 2, '-');
    at = put(at, tm.tm_mday, 2, 'T');
    at = put(at, tm.tm_hour, 2, ':');
    at = put(at, tm.tm_min, 2, ':');
    at = put(at, tm.tm_sec, 2, '.');
    at = put(at, (int)(clamped % 1000), 3, 'Z');
    *at = '\0';
}

static void skip(struct text *rest, size_t len)
{
    *rest = (struct text){ rest->at + len, rest->len - len };
}

/* Reads what `shape` shows: each 0 is a digit of a number, all else stands for itself (letters in either case) and ends
 * the number before it. False: `rest` begins otherwise, and is left as it was. */
static bool scan(struct text *rest, const char *shape, int *numbers)
{
    size_t len = strlen(shape);
    if (rest->len < len)
        return false;
    *numbers = 0;
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)rest->at[i];
        if (shape[i] != '0' ? tolower(c) != shape[i] : !isdigit(c))
            return false;
        if (shape[i] == '0')
            *numbers = *numbers * 10 + (c - '0');
        else
            *++numbers = 0;
    }
    skip(rest, len);
    return true;
}

/* A fraction of any length, in milliseconds; 0 if there is none. */
static bool scan_fraction(struct text *rest, int *ret)
{
    size_t len = 1;
    *ret = 0;
    if (rest->len == 0 || rest->at[0] != '.')
        return true;
    for (int weight = 100; len < rest->len && isdigit((unsigned char)rest->at[len]); len++, weight /= 10)
        *ret += (rest->at[len] - '0') * weight;
    skip(rest, len);
    return len > 1;
}

/* Minutes east of UTC. */
static bool scan_offset(struct text *rest, int *ret)
{
    int numbers[3] = { 0 };
    bool west = rest->len > 0 && rest->at[0] == '-';
    if (!scan(rest, "z", numbers) && !scan(rest, west ? "-00:00" : "+00:00", numbers))
        return false;
    *ret = (numbers[1] * 60 + numbers[2]) * (west ? -1 : 1);
    return numbers[1] < 24 && numbers[2] < 60;
}

/* Days since 1970-01-01 in the proleptic Gregorian calendar. By hand: timegm() takes four times as long, and each
 * heartbeat has a time. Years are counted from March, so that the leap day is the last one; 400 years have 146097 days,
 * and 1970-01-01 is day 719468 of that count. */
static int64_t date_to_days(int64_t year, int month, int day)
{
    year += 400 - (month <= 2); /* + 400: January and February of year 0 belong to year -1 */
    return 365 * year + year / 4 - year / 100 + year / 400 + (153 * ((month + 9) % 12) + 2) / 5 + day - 1 - 719468 -
           146097;
}

static bool is_date(int year, int month, int day)
{
    static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month >= 1 && month <= 12 && day >= 1 && day <= days[month - 1] + (month == 2 && leap);
}

enum err text_to_time(struct text t, ms_t *ret)
{
    int n[6], ms, offset;
    int64_t minute;
    if (!scan(&t, "0000-00-00t00:00:00", n) || !scan_fraction(&t, &ms) || !scan_offset(&t, &offset) || t.len > 0 ||
        !is_date(n[0], n[1], n[2]) || n[3] > 23 || n[4] > 59 || n[5] > 60)
        return ERR_SYNTAX;
    minute = date_to_days(n[0], n[1], n[2]) * 1440 + n[3] * 60 + n[4] - offset;
    /* Leap seconds are inserted at the end of a day in UTC; unix time counts them as the next second. */
    if (n[5] == 60 && (minute + 1) % 1440 != 0)
        return ERR_SYNTAX;
    *ret = minute * 60000 + n[5] * 1000 + ms;
    return OK;
}
