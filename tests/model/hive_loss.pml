/* hive_loss.pml - the workers of one host, its hive and the queen: whose end is whose (R4, R5, R10 of docs/semantics.md).
 * Worker 1 may die alone; then the whole host may vanish, or only the hive. Checked by check.py:
 *
 * claim incident   who vanishes with its host is never `stale` on its own account
 * claim judged     every crash is finally judged, whatever becomes of the hive
 *
 * without ASK      incident: the hive is not requested before a verdict
 * without SILENCE  incident: verdicts by silence do not wait for that
 * without NUMBERS  incident: an answer releases also who was lost after its question was sent
 * without DOWN     incident: a worker that is lost while its hive is down is judged by itself
 * without LIMIT    judged: there is no end to the wait for a hive that is neither ready nor down
 * without R5       judged: silence decides nothing
 *
 * Abstracted: time. Wills come late, in any order, or never, replies at any time. The 30 s for which a worker waits are
 * longer than it takes until a hive that is gone is judged (its keep alive x 1.5 and 6 s, or its lease). What a hive
 * published live before it vanished has arrived before anybody misses it, but for its reply. */

#define WORKERS 2

mtype:state = { ONLINE, SUSPECT, STALE, UNREACHABLE }; /* of a hive STALE is `down` */
mtype:loss = { NO_LOSS, REQUESTED, IN_PHASE_HIVE };
mtype:question = { NO_QUESTION, SENT, ANSWERED };

/* The truth. */
bool alive[WORKERS + 1] = true; /* 0 is the hive */
bool with_host[WORKERS + 1];    /* it ended when the host did */
bool will_due[WORKERS + 1];
bool mute; /* the hive answers what polls it, but publishes nothing and answers no `beat` */

/* The queen's. */
mtype:state state[WORKERS + 1] = ONLINE;
mtype:loss loss[WORKERS + 1] = NO_LOSS;
bool waits[WORKERS + 1];   /* struct inquiry_wait: of */
bool covered[WORKERS + 1]; /* ... its question was sent */
bool waited[WORKERS + 1];  /* it had one */
mtype:question question = NO_QUESTION;

#define BOTH(array, value) d_step { array[1] = value; array[2] = value }

inline ends(who, host)
{
    alive[who] = false;
    with_host[who] = host;
    will_due[who] = true
}

active proctype host()
{
    if
    :: atomic { true -> ends(1, false) }
    :: true
    fi;
    if
    :: atomic { true -> /* vanishes */
           ends(0, true);
           ends(2, true);
           if
           :: alive[1] -> ends(1, true)
           :: else
           fi
       }
    :: atomic { true -> ends(0, false) }
    :: atomic { true -> mute = true; state[0] = SUSPECT } /* silence.c: only_answers */
    :: true
    fi
}

/* loss.c: hive_in_question, wait_for_hive; inquiry.c: inquiry_add. */
inline wait_for_hive(w)
{
    if
#ifndef NO_ASK
    :: !waits[w] && ((state[0] == ONLINE && !waited[w]) || state[0] == SUSPECT) ->
           waits[w] = true;
           covered[w] = false;
           waited[w] = true
#endif
    :: else
    fi
}

/* unreachable.c: unreachable_or_stale. */
inline lost(w)
{
    loss[w] = NO_LOSS;
    waits[w] = false;
    waited[w] = false;
    if
#ifndef NO_DOWN
    :: state[0] == STALE -> state[w] = UNREACHABLE
    :: else -> state[w] = STALE
#else
    :: state[w] = STALE
#endif
    fi
}

/* One worker at the queen. */
proctype judging(byte w)
{
    do
    /* judge.c: judge_will; loss.c: loss_begin, start_requesting. */
    :: atomic { will_due[w] ->
           will_due[w] = false;
           if
           :: state[w] == ONLINE && loss[w] == NO_LOSS ->
                  state[w] = SUSPECT;
                  loss[w] = REQUESTED;
                  wait_for_hive(w)
           :: true /* it never comes, or says nothing new */
           fi
       }
    /* loss.c: lost_by_will, found_lost. */
    :: atomic { loss[w] == REQUESTED -> loss[w] = IN_PHASE_HIVE; wait_for_hive(w) }
#ifndef NO_R5
    /* silence.c: judge_over; loss.c: loss_verdict, the gate. */
    :: atomic { !alive[w] && !will_due[w] && loss[w] == NO_LOSS && (state[w] == ONLINE || state[w] == SUSPECT) ->
#ifndef NO_SILENCE
           state[w] = SUSPECT;
           loss[w] = IN_PHASE_HIVE;
           wait_for_hive(w)
#else
           lost(w)
#endif
       }
#endif
    /* loss.c: loss_hive_judged, judge; may_return_with_hive makes it later, not other. */
    :: atomic { loss[w] == IN_PHASE_HIVE && !waits[w] -> lost(w) }
#ifndef NO_LIMIT
    /* loss.c: phase_over, HIVE_MS; see above. */
    :: atomic { loss[w] == IN_PHASE_HIVE && waits[w] && alive[0] -> lost(w) }
#endif
    od
}

/* hive_inquiry.c: hive_inquiry_send. */
active proctype asking()
{
    do
    :: atomic { ((waits[1] && !covered[1]) || (waits[2] && !covered[2])) && state[0] == ONLINE &&
                question == NO_QUESTION ->
           question = SENT;
           covered[1] = waits[1];
           covered[2] = waits[2]
       }
    od
}

/* hive_api.c: answer_beat. What was answered may arrive at any time. */
active proctype hive()
{
    do
    :: atomic { question == SENT && alive[0] && !mute -> question = ANSWERED }
    od
}

/* hive_inquiry.c: hive_inquiry_answered, inquiry.c: inquiry_take. Without a reply the hive is suspect. */
active proctype answers()
{
    do
    :: atomic { question == ANSWERED ->
           question = NO_QUESTION;
#ifdef NO_NUMBERS
           BOTH(waits, false)
#else
           waits[1] = waits[1] && !covered[1];
           waits[2] = waits[2] && !covered[2]
#endif
       }
    :: atomic { question == SENT && (!alive[0] || mute) ->
           question = NO_QUESTION;
           if
           :: state[0] == ONLINE -> state[0] = SUSPECT
           :: else
           fi
       }
    od
}

/* silence.c and loss.c for the hive itself; hive_review.c: begin, hive_inquiry_end, review_worker; unreachable.c:
 * unreachable_join. */
active proctype hive_judged()
{
    do
    :: atomic { !alive[0] && state[0] == ONLINE -> state[0] = SUSPECT } /* its will, or silence */
    :: atomic { !alive[0] && state[0] == SUSPECT ->
           state[0] = STALE;
           BOTH(waits, false)
       }
    :: atomic { alive[0] && !mute && state[0] == SUSPECT -> /* it beats */
           state[0] = ONLINE;
           BOTH(waits, false)
       }
    od
}

active proctype time_passes()
{
    do
    :: atomic { true -> true }
    od
}

init
{
    atomic {
        run judging(1);
        run judging(2)
    }
}

#define FOUND(w) (state[w] == STALE || state[w] == UNREACHABLE)

ltl incident { [] !((with_host[1] && state[1] == STALE) || (with_host[2] && state[2] == STALE)) }
ltl judged { (<>[] !alive[1] -> <>[] FOUND(1)) && (<>[] !alive[2] -> <>[] FOUND(2)) }
