/* fencing.pml - one worker, its broker and the queen: births, wills, heartbeats, healing, confirmation (R1 to R5, R12,
 * R15 of docs/semantics.md). Checked by check.py, which also takes out one rule after another:
 *
 * claim override   an old will never overrides a living session for ever, neither at the queen nor at the broker
 * claim judged     every crash is finally judged
 * claim buried     and who was judged by its will is not brought back by what its dead connection had under way
 *
 * without R3       override: wills of an earlier connection count
 * without HEAL     override: the worker does not publish its birth again
 * without R5       judged: silence decides nothing
 * without R12      judged: who was held when the link was lost is never requested again
 * without R1       buried: a will does not close its connection for heartbeats
 *
 * Abstracted: time. A wait may be over at any time, a living worker may answer too late, a will may be published late
 * (another client id, a cluster) or never (the broker was killed). Presence and heartbeats are channels of their own, so
 * that one may overtake the other. What is silent for a whole lease has nothing under way any more: the broker has
 * acknowledged a probe behind it (queen/core/rules/broker_barrier.c). */

#define SESSIONS 2   /* processes of the worker, one after the other */
#define LAST 3       /* incarnations: a process, or a connection of one */
#define LOST_LINKS 1 /* of the queen */

mtype:state = { NONE, UNVERIFIED, ONLINE, SUSPECT, STALE };
mtype:message = { BIRTH, WILL };
mtype:loss = { NO_LOSS, REQUESTED, REQUESTED_AGAIN, ACCEPTED, HELD };

byte session_of[LAST + 1]; /* of each incarnation; a greater number of the same session is a later connection */

/* The worker. */
bool alive, linked;
byte self;     /* its present incarnation, 0 = none yet */
bool heal_due; /* struct member: heal_at */
bool finished; /* it neither crashes nor loses its link any more */

/* The broker. */
bool will_due[LAST + 1]; /* the connection has ended, its will is not published yet */
mtype:message retained = WILL;
byte retained_of, retained_beat_of; /* 0 = nothing stored */
chan presence = [2] of { mtype:message, byte }; /* on their way to the queen */
chan heartbeats = [1] of { byte };

/* The queen's record of it. */
bool seeing = true; /* its link */
mtype:state state = NONE;
mtype:loss loss = NO_LOSS;
byte current; /* struct incarnation */
bool retired[SESSIONS + 1];
bool will_closed;
bool by_will; /* the cause of STALE */

#define IS_DEAD (finished && !alive)
#define LIVES (finished && alive)

/* common/proto/member.c: publish_birth, the will of the CONNECT; and the broker, which keeps what comes last. The worker
 * subscribes to its own presence. */
inline publish(what, number)
{
    retained = what;
    retained_of = number;
    if
    :: seeing -> presence!what, number
    :: else
    fi;
    if
    :: what == WILL && linked && number != self -> heal_due = true /* observe, heal_soon */
    :: else
    fi
}

/* An incarnation ends; its will waits at the broker. */
inline end_link()
{
    linked = false;
    heal_due = false;
    will_due[self] = true
}

/* Starts, connects, loses its link, crashes, starts again. worker/core, reconnect and member.c: connecting, up, down. */
active proctype worker()
{
    byte process = 0;
    do
    :: atomic { !alive && !finished && process < SESSIONS && self < LAST ->
           process++;
           alive = true
       }
    :: atomic { alive && !linked && self < LAST && nfull(presence) -> /* up: publish_birth */
           self++;
           session_of[self] = process;
           linked = true;
           publish(BIRTH, self)
       }
    :: atomic { alive && linked && self < LAST && !finished -> end_link() }             /* down */
    :: atomic { alive && !finished && self > 0 -> /* killed */
           alive = false;
           if
           :: linked -> end_link()
           :: else
           fi
       }
    :: atomic { !finished && self > 0 && (linked || !alive) -> finished = true }
    :: finished && (linked || !alive) -> break
    od
}

/* worker/core: beats at an interval, for ever. */
active proctype worker_beats()
{
end:
    do
    :: atomic { linked && empty(heartbeats) ->
           retained_beat_of = self;
           if
           :: seeing -> heartbeats!self
           :: else
           fi
       }
    od
}

/* member.c: member_tick. */
active proctype worker_heals()
{
end:
    do
#ifndef NO_HEAL
    :: atomic { heal_due && linked && nfull(presence) ->
           heal_due = false;
           publish(BIRTH, self)
       }
#else
    :: false
#endif
    od
}

/* Wills, late or never. */
active proctype broker()
{
    byte number;
end:
    do
    :: atomic { nfull(presence) && (will_due[1] || will_due[2] || will_due[3]) ->
           if
           :: will_due[1] -> number = 1
           :: will_due[2] -> number = 2
           :: will_due[3] -> number = 3
           fi;
           will_due[number] = false;
           if
           :: publish(WILL, number)
           :: true
           fi;
           number = 0
       }
    od
}

/* incarnation.c: incarnation_adopt. */
inline adopt(number)
{
    if
    :: current != 0 && session_of[current] != session_of[number] ->
           retired[session_of[number]] = false;
           retired[session_of[current]] = true
    :: else
    fi;
    current = number
}

/* judge.c: alive. loss.c: loss_returned. change.c: change_heard opens what a will has closed. */
inline heard()
{
    loss = NO_LOSS;
    will_closed = false;
    state = ONLINE
}

/* judge.c: admit (R2), for a birth or a heartbeat. */
inline live(number, is_beat)
{
    if
    :: current != 0 && session_of[number] == session_of[current] && number < current  /* INCARNATION_OLD_CONNECTION */
#ifndef NO_R1
    :: current == number && will_closed && is_beat                                    /* is_closed */
#endif
    :: current != 0 && session_of[number] != session_of[current] && retired[session_of[number]] && state == ONLINE
                                                                                      /* may_be_replaced */
    :: else ->
           if
           :: number != current -> adopt(number)
           :: else
           fi;
           heard()
    fi
}

/* judge.c: judge_will (R4). loss.c: loss_begin, suspect. */
inline will(number)
{
    if
#ifdef NO_R3
    :: true ->
#else
    :: number == current -> /* incarnation_is_current (R3) */
#endif
           will_closed = true;
           if
           :: (state == ONLINE || state == UNVERIFIED || state == SUSPECT) && (loss == NO_LOSS || loss == HELD) ->
                  state = SUSPECT;
                  loss = REQUESTED
           :: else
           fi
#ifndef NO_R3
    :: else
#endif
    fi
}

/* intake.c: what is live, of either topic. */
active proctype queen_presences()
{
    mtype:message what = BIRTH;
    byte number;
end:
    do
    :: atomic { presence?what, number ->
           if
           :: what == BIRTH -> live(number, false)
           :: what == WILL -> will(number)
           fi;
           what = BIRTH;
           number = 0
       }
    od
}

active proctype queen_heartbeats()
{
    byte number;
end:
    do
    :: atomic { heartbeats?number -> live(number, true); number = 0 }
    od
}

inline judge_by_will()
{
    loss = NO_LOSS;
    by_will = true;
    state = STALE
}

/* requester.c and loss.c: `beat` at once; the broker reports no subscriber, again after the confirmation wait; or takes
 * it: answered, or not in time. HELD: phase_over, when the grace is over. */
active proctype queen_confirms()
{
end:
    do
    :: atomic { seeing && loss == REQUESTED ->
           if
           :: linked -> loss = ACCEPTED
           :: else -> loss = REQUESTED_AGAIN
           fi
       }
    :: atomic { seeing && loss == REQUESTED_AGAIN ->
           if
           :: linked -> loss = ACCEPTED
           :: else -> judge_by_will() /* ANSWER_NO_SUBSCRIBER: lost_by_will */
           fi
       }
    :: atomic { seeing && loss == ACCEPTED ->
           if
           :: linked -> heard()       /* replied */
           :: judge_by_will()         /* ANSWER_NO_REPLY */
           fi
       }
#ifndef NO_R12
    :: atomic { seeing && loss == HELD -> loss = REQUESTED } /* start_requesting */
#endif
    od
}

/* verify.c and verify_outcome.c (R6, R15): who is known from copies only, or silent, and answers. */
active proctype queen_verifies()
{
end:
    do
    :: atomic { seeing && (state == UNVERIFIED || state == SUSPECT) && loss == NO_LOSS && linked -> heard() }
    od
}

/* silence.c: suspect_at, over_at, judge_over (R5). */
active proctype queen_misses()
{
end:
    do
#ifndef NO_R5
    :: atomic { seeing && loss == NO_LOSS && !linked && empty(heartbeats) && empty(presence) &&
                (state == ONLINE || state == UNVERIFIED) -> state = SUSPECT }
    :: atomic { seeing && loss == NO_LOSS && !linked && empty(heartbeats) && empty(presence) && state == SUSPECT ->
           by_will = false;
           state = STALE
       }
#else
    :: false
#endif
    od
}

/* stored.c: succeed. What was known of an earlier process or connection is void; nobody is retired. */
inline succeed(number)
{
    loss = NO_LOSS;
    will_closed = false;
    if
    :: state == ONLINE || (state == SUSPECT && current != 0 && session_of[current] == session_of[number] && !by_will)
    :: else -> state = UNVERIFIED
    fi;
    current = number
}

/* is_successor: a later connection, or a session that is not known. */
#define IS_SUCCESSOR(number) \
    (current == 0 || (session_of[number] == session_of[current] && number > current) || \
     (session_of[number] != session_of[current] && !retired[session_of[number]]))

/* stored.c: stored_heartbeat, stored_presence (R12, R15). */
inline read_stored()
{
    if
    :: retained_beat_of != 0 && IS_SUCCESSOR(retained_beat_of) -> succeed(retained_beat_of)
    :: else
    fi;
    if
    :: retained_of != 0 && retained == BIRTH && IS_SUCCESSOR(retained_of) -> succeed(retained_of)
    :: retained_of != 0 && retained == WILL && (current == 0 || (session_of[retained_of] == session_of[current] &&
                                                                 retained_of >= current)) -> /* speaks_for_current */
           current = retained_of;
           will_closed = true;
           if
           :: state == NONE || state == UNVERIFIED || state == ONLINE -> /* loss_hold */
                  state = SUSPECT;
                  loss = HELD
           :: else
           fi
    :: else
    fi
}

/* queen_link.c; loss.c: loss_link_lost. What was under way is lost, and the stored state is read anew. */
active proctype queen_link()
{
    byte lost = 0;
    do
    :: atomic { seeing && lost < LOST_LINKS ->
           lost++;
           seeing = false;
           do
           :: presence?_, _
           :: heartbeats?_
           :: empty(presence) && empty(heartbeats) -> break
           od;
           if
           :: loss != NO_LOSS -> loss = HELD /* loss_hold_all */
           :: else
           fi
       }
    :: atomic { !seeing -> seeing = true; read_stored() }
    :: lost == LOST_LINKS && seeing -> break
    :: lost < LOST_LINKS -> break
    od
}

/* However quiet it is. */
active proctype time_passes()
{
end:
    do
    :: atomic { true -> true }
    od
}

ltl override { <>[] LIVES -> <>[] (state == ONLINE && retained == BIRTH && retained_of == self) }
ltl judged { <>[] IS_DEAD -> <>[] (state == STALE || state == NONE) }
ltl buried { [] ((IS_DEAD && state == STALE && by_will && current == self) ->
                 [] !(state == ONLINE && current == self)) }
