#include "timetext.h"

#define MS_PER_DAY INT64_C(86400000)
#define YEAR_0000 INT64_C(-62167219200000)     /* 0000-01-01T00:00:00.000Z */
#define YEAR_9999_END INT64_C(253402300799999) /* 9999-12-31T23:59:59.999Z */

struct date {
    int64_t year, month, day;
};

/* Days since 1970-01-01 in the proleptic Gregorian calendar, for years of 0 and more. Years are counted from March, so
 * that the leap day is the last one; 400 years have 146097 days, and 1970-01-01 is day 719468 of that count. */
static int64_t date_to_days(struct date d)
{
    int64_t year = d.year - (d.month <= 2) + 400; /* + 400: January and February of year 0 belong to year -1 */
    int64_t day_of_year = (153 * ((d.month + 9) % 12) + 2) / 5 + d.day - 1;
    return 365 * year + year / 4 - year / 100 + year / 400 + day_of_year - 719468 - 146097;
}

/* The inverse, from day YEAR_0000 on. */
static struct date days_to_date(int64_t days)
{
    days += 719468 + 146097;
    int64_t era = days / 146097;
    int64_t day = days % 146097;
    int64_t year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
    int64_t day_of_year = day - (365 * year + year / 4 - year / 100);
    int64_t month = (5 * day_of_year + 2) / 153; /* from March */
    return (struct date){
        .year = year + 400 * (era - 1) + (month >= 10),
        .month = month < 10 ? month + 3 : month - 9,
        .day = day_of_year - (153 * month + 2) / 5 + 1,
    };
}

/* Writes `value` with leading zeros and what stands behind it; returns the place that follows. */
static char *put(char *at, int64_t value, int digits, char behind)
{
    for (int i = digits; i-- > 0; value /= 10)
        at[i] = (char)('0' + value % 10);
    at[digits] = behind;
    return at + digits + 1;
}

void time_to_text(ms_t wall, char ret[TIMETEXT_SIZE])
{
    wall = ms_max(YEAR_0000, ms_min(YEAR_9999_END, wall));
    int64_t ms = wall % MS_PER_DAY;
    ms += ms < 0 ? MS_PER_DAY : 0;
    struct date d = days_to_date((wall - ms) / MS_PER_DAY);
    char *at = put(ret, d.year, 4, '-');
    at = put(at, d.month, 2, '-');
    at = put(at, d.day, 2, 'T');
    at = put(at, ms / 3600000, 2, ':');
    at = put(at, ms / 60000 % 60, 2, ':');
    at = put(at, ms / 1000 % 60, 2, '.');
    at = put(at, ms % 1000, 3, 'Z');
    *at = '\0';
}

/* A reader of fixed fields: `bad` remembers the first mismatch. */
struct reader {
    struct text rest;
    bool bad;
};

static char next_char(struct reader *r)
{
    if (r->rest.len == 0) {
        r->bad = true;
        return '\0';
    }
    char c = r->rest.at[0];
    r->rest = (struct text){ r->rest.at + 1, r->rest.len - 1 };
    return c;
}

static void expect(struct reader *r, char wanted)
{
    if (next_char(r) != wanted)
        r->bad = true;
}

static int64_t number(struct reader *r, int digits, int64_t low, int64_t high)
{
    int64_t value = 0;
    while (digits-- > 0) {
        char c = next_char(r);
        if (c < '0' || c > '9') {
            r->bad = true;
            return low;
        }
        value = value * 10 + (c - '0');
    }
    if (value < low || value > high) {
        r->bad = true;
        return low;
    }
    return value;
}

static int64_t days_in_month(int64_t year, int64_t month)
{
    static const int64_t days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap);
}

static struct date read_date(struct reader *r)
{
    struct date d;
    d.year = number(r, 4, 0, 9999);
    expect(r, '-');
    d.month = number(r, 2, 1, 12);
    expect(r, '-');
    d.day = number(r, 2, 1, days_in_month(d.year, d.month));
    return d;
}

/* Hours and minutes, in minutes. */
static int64_t read_minutes(struct reader *r)
{
    int64_t hours = number(r, 2, 0, 23);
    expect(r, ':');
    return hours * 60 + number(r, 2, 0, 59);
}

/* Milliseconds of a fraction of any length; 0 if there is none. */
static int64_t read_fraction(struct reader *r)
{
    if (r->rest.len == 0 || r->rest.at[0] != '.')
        return 0;
    expect(r, '.');
    int64_t ms = number(r, 1, 0, 9) * 100;
    for (int64_t weight = 10; r->rest.len > 0 && r->rest.at[0] >= '0' && r->rest.at[0] <= '9'; weight /= 10)
        ms += number(r, 1, 0, 9) * weight;
    return ms;
}

/* Minutes east of UTC. */
static int64_t read_offset(struct reader *r)
{
    switch (next_char(r)) {
    case 'Z':
    case 'z':
        return 0;
    case '+':
        return read_minutes(r);
    case '-':
        return -read_minutes(r);
    default:
        r->bad = true;
        return 0;
    }
}

enum err text_to_time(struct text t, ms_t *ret)
{
    struct reader r = { t, false };
    struct date d = read_date(&r);
    char separator = next_char(&r);
    int64_t minutes = read_minutes(&r);
    expect(&r, ':');
    int64_t seconds = number(&r, 2, 0, 60);
    int64_t ms = read_fraction(&r);
    minutes += date_to_days(d) * 1440 - read_offset(&r);
    /* Leap seconds are inserted at the end of a day in UTC; unix time counts them as the next second. */
    bool last_of_day = (minutes + 1) % 1440 == 0;
    if (r.bad || r.rest.len > 0 || (separator != 'T' && separator != 't') || (seconds == 60 && !last_of_day))
        return ERR_SYNTAX;
    *ret = minutes * 60000 + seconds * 1000 + ms;
    return OK;
}
