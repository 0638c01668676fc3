/* identity.pml - two processes want one id that only one may have (Identity of docs/semantics.md; common/proto/claim.c,
 * member.c). Process 2 has the greater session, so of two born within a second of each other it is the one that yields.
 * Either may have held the id for long when the other starts, or both start. Checked by check.py:
 *
 * claim one        exactly one of them stays
 * claim newcomer   one that starts never ends one that holds the id
 *
 * without HELD     newcomer: only sessions decide, not who has held the id for longer
 * without BIRTHS   one: who holds the id does not react to a birth of another
 * without DOUBT    one: who cannot tell yet ends at once
 * without TURNS    one: who cannot tell requests again without waiting for the one that yields
 * without REBIRTH  one: a birth of the one that is in doubt, which has lost its link and with it its own doubt, does not
 *                  begin the comparison anew
 *
 * Abstracted: of time only this is left: a holder's link may be away for longer than a check takes, and is born again
 * when it is back; what a request measures may leave it open which has held the id for longer, but not where one has
 * held it for long; and who yields has received the other one's birth, and the other one the reply to its request,
 * and whoever heals has done it, before it requests once more (doubt(): RETRY_MS against REPLY_MS and
 * MEMBER_HEAL_EVERY_MS). A reply arrives behind the birth that its sender
 * published before. */

#define LOST_LINKS 2 /* of holders, together */

mtype:phase = { OUT, CHECKING, IS_FREE, HOLDING, EXITED };
mtype:request = { NOTHING, SENT, TAKEN };

mtype:phase phase[3] = OUT;
mtype:request request[3] = NOTHING;
bool linked[3];    /* subscribed to the requests of the id */
bool birth_due[3]; /* a presence of the other one waits to be read (claim_seen) */
bool reborn[3];    /* ... and is of another connection than the one before */
bool doubted[3];   /* struct claim: doubted */
bool kept[3];
byte tries[3];
byte stored;     /* whose birth is retained; 0 = none, or a death */
byte first_held; /* who held the id at the beginning, 0 = nobody */
byte stays;      /* whom a sure comparison favours; 0 = not known before both are born */
bool close;      /* ... and a request may leave it open */
byte lost_links;

#define OTHER(p) (3 - (p))
#define YIELDS(p) ((p) == 2)

/* member.c: publish_birth, up. Its own subscription brings what is stored; claim_check's brings live births. */
inline birth(p)
{
    reborn[OTHER(p)] = reborn[OTHER(p)] || !linked[p];
    linked[p] = true;
    birth_due[p] = birth_due[p] || stored == OTHER(p);
    stored = p;
    birth_due[OTHER(p)] = (phase[OTHER(p)] == HOLDING && linked[OTHER(p)]) || birth_due[OTHER(p)];
    if
    :: phase[OTHER(p)] == CHECKING -> tries[OTHER(p)] = 0 /* check_reborn */
    :: else
    fi
}

/* The truth that compare() measures: who has held the id for more than a second longer, else the smaller session. */
inline decide(p)
{
    if
    :: stays != 0 || phase[OTHER(p)] != HOLDING
#ifdef NO_HELD
    :: stays == 0 && phase[OTHER(p)] == HOLDING -> stays = 1
#else
    :: stays == 0 && first_held == OTHER(p) -> stays = OTHER(p)
    :: stays == 0 && phase[OTHER(p)] == HOLDING && first_held == 0 ->
           close = true;
           if
           :: stays = 1           /* within a second */
           :: stays = OTHER(p)    /* the other one was born more than a second before */
           fi
#endif
    fi
}

/* lose(): MEMBER_REFUSED, exit 6. The link is closed with a DISCONNECT. */
inline lose(p)
{
    phase[p] = EXITED;
    linked[p] = false;
    birth_due[p] = false;
    doubted[p] = false;
    request[p] = NOTHING
}

/* compare(), doubt(). */
inline compare(p)
{
    request[p] = NOTHING;
    if
    :: stays == OTHER(p) -> lose(p)
    :: stays == p -> /* CLAIM_KEPT: heal_soon */
           doubted[p] = false;
           kept[p] = true
#ifndef NO_DOUBT
    :: close && !doubted[p] -> doubted[p] = true
    :: close && doubted[p] -> lose(p)
#else
    :: close -> lose(p)
#endif
    fi
}

/* doubt(): when who cannot tell yet requests once more. */
#ifdef NO_TURNS
#define MAY_ASK_AGAIN(p) true
#else
#define MAY_ASK_AGAIN(p) \
    (!birth_due[OTHER(p)] && request[OTHER(p)] == NOTHING && !kept[1] && !kept[2] && (YIELDS(p) || !doubted[OTHER(p)]))
#endif

proctype member(byte p)
{
    do
    :: atomic { phase[p] == OUT -> phase[p] = CHECKING; tries[p] = 0 } /* claim_check */

    /* claim.c: ask, unanswered, claim_replied while one checks. */
    :: atomic { phase[p] == CHECKING && linked[OTHER(p)] -> lose(p) }
    :: atomic { phase[p] == CHECKING && !linked[OTHER(p)] && stored == OTHER(p) && tries[p] == 0 -> tries[p] = 1 }
    :: atomic { phase[p] == CHECKING && !linked[OTHER(p)] && (stored != OTHER(p) || tries[p] > 0) ->
           phase[p] = IS_FREE /* set_free: outbox_reconnect */
       }
    :: atomic { phase[p] == IS_FREE ->
           decide(p);
           phase[p] = HOLDING;
           birth(p)
       }

    /* claim_seen of one that holds the id. */
#ifndef NO_BIRTHS
    :: atomic { phase[p] == HOLDING && linked[p] && birth_due[p] ->
           birth_due[p] = false;
           if
#ifndef NO_REBIRTH
           :: reborn[p] -> doubted[p] = false /* is_reborn */
           :: else
#else
           :: true
#endif
           fi;
           reborn[p] = false;
           if
           :: request[p] == NOTHING && !doubted[p] -> request[p] = SENT
           :: else
           fi
       }
#endif
    :: atomic { phase[p] == HOLDING && linked[p] && request[p] == SENT ->
           if
           :: linked[OTHER(p)] -> request[p] = TAKEN
           :: else -> /* no subscriber: answered */
                  request[p] = NOTHING;
                  doubted[p] = false
           fi
       }
    :: atomic { phase[p] == HOLDING && linked[p] && request[p] == TAKEN && !birth_due[p] -> compare(p) }
    :: atomic { phase[p] == HOLDING && linked[p] && doubted[p] && request[p] == NOTHING && MAY_ASK_AGAIN(p) ->
           request[p] = SENT /* claim_tick */
       }
    :: atomic { phase[p] == HOLDING && linked[p] && kept[p] -> kept[p] = false; birth(p) } /* member_tick: heals */

    /* A holder's link: the will, late or never; down, claim_link_lost; up. */
    :: atomic { phase[p] == HOLDING && linked[p] && lost_links < LOST_LINKS ->
           lost_links++;
           linked[p] = false;
           birth_due[p] = false;
           reborn[p] = false;
           doubted[p] = false;
           kept[p] = false;
           request[p] = NOTHING;
           if
           :: stored == p -> stored = 0
           :: true
           fi
       }
    :: atomic { phase[p] == HOLDING && !linked[p] -> birth(p) }
    :: phase[p] == EXITED -> break
    od
}

active proctype time_passes()
{
end:
    do
    :: atomic { true -> true }
    od
}

init
{
    atomic {
        if
        :: first_held = 0
        :: first_held = 1
        :: first_held = 2
        fi;
        if
        :: first_held != 0 ->
               phase[first_held] = HOLDING;
               linked[first_held] = true;
               stored = first_held
        :: else
        fi;
        run member(1);
        run member(2)
    }
}

#define STAYS(p) (phase[p] == HOLDING && linked[p] && phase[OTHER(p)] == EXITED)

ltl one { <>[] (STAYS(1) || STAYS(2)) }
ltl newcomer { [] (first_held != 0 -> phase[first_held] != EXITED) }
