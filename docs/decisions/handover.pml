/* Handing a VM over from source to target, as 0004-handing-over.md decides it. Every operation is one atomic act under the host's lock;
   a request may be lost, may arrive late (after its sender gave up or died), and its reply may be lost. */
#ifndef CHECK_STILL
#define CHECK_STILL 1   /* handing over demands that the VM stands still at the source */
#endif
#ifndef CHECK_REV
#define CHECK_REV 1     /* changing operations at the source carry the revision their sender saw */
#endif
#ifndef FENCE
#define FENCE 1         /* withdrawing raises the target's epoch, even where there is no intent */
#endif
#ifndef PROOF
#define PROOF 1         /* 1: marks and disk identity; 0: the VM's state counts as proof */
#endif
#ifndef ORDER
#define ORDER 1         /* 1: source says handed over first; 0: target gets its permission first */
#endif

mtype = { SAVE, HAND, MAY, START, DONE, FENCEOP, BACK, HOME };
mtype = { ok, refused, unknown };

byte late;   /* requests that arrive after their sender gave up: two at most */
bool s_run = 1; bool s_handed; byte s_rev; bool s_saved; bool s_ran_since_save;
byte t_epoch; bool t_may; bool t_target; bool t_marked; bool t_run; bool t_ran; bool t_auto;

inline start_source() { assert(!t_ran); assert(!t_run); s_run = 1; if :: s_saved -> s_ran_since_save = 1 :: else fi }
inline start_target() { assert(!s_run); assert(!s_ran_since_save); t_run = 1; t_ran = 1 }

/* the act itself, under the host's lock */
inline act(op, arg, result)
{
    result = ok;
    if
    :: op == SAVE -> if :: (CHECK_REV && arg != s_rev) || s_handed -> result = refused
                        :: else -> s_run = 0; s_saved = 1; s_rev++ fi   /* the one copy is made after this */
    :: op == HAND -> if :: (CHECK_REV && arg != s_rev) || (CHECK_STILL && s_run) || !s_saved -> result = refused
                        :: else -> s_handed = 1; s_rev++ fi
    :: op == HOME -> if :: s_handed -> result = refused
                        :: else -> if :: !s_run -> start_source() :: else fi; s_rev++ fi
    :: op == MAY -> if :: arg != t_epoch + 1 -> result = refused
                       :: else -> t_epoch = arg; t_may = 1 fi
    :: op == START -> if :: !t_may || arg != t_epoch || t_marked -> result = refused
                         :: else -> t_marked = 1; if :: start_target() :: t_marked = 0; result = refused fi fi /* Hyper-V may refuse */
    :: op == DONE -> if :: !t_marked || arg != t_epoch -> result = refused
                        :: else -> t_target = 1; t_auto = 1 fi
    :: op == FENCEOP -> if :: (PROOF && (t_marked || t_ran)) || (!PROOF && t_run) || t_target -> result = refused
                           :: else -> if :: FENCE -> t_epoch++ :: else fi; t_may = 0 fi
    :: op == BACK -> if :: CHECK_REV && arg != s_rev -> result = refused
                        :: else -> s_handed = 0; s_rev++ fi
    fi
}

proctype Late(mtype op; byte arg) { mtype result; atomic { act(op, arg, result) } }

/* done and told; done, the reply lost; not told, and done later or never */
inline call(op, arg)
{
    atomic {
        if
        :: act(op, arg, reply)
        :: act(op, arg, reply); reply = unknown
        :: reply = unknown
        :: late < 2 -> late++; run Late(op, arg); reply = unknown
        fi
    }
}

inline go_home()
{
    saw = s_rev;
    if
    :: !s_handed -> call(HOME, 0)
    :: else ->
        call(FENCEOP, 0);
        if
        :: reply == ok -> call(BACK, saw); if :: reply == ok -> call(HOME, 0) :: else fi
        :: else
        fi
    fi
}

active proctype Flow()
{
     mtype reply; byte saw; byte e;
    call(SAVE, s_rev); if :: reply != ok -> goto away :: else fi;
    if :: goto dead :: skip fi;
    e = t_epoch + 1; saw = s_rev;
    if
    :: ORDER -> call(HAND, saw); if :: reply != ok -> goto away :: else fi;
                if :: goto dead :: skip fi;
                call(MAY, e); if :: reply != ok -> goto away :: else fi
    :: else -> call(MAY, e); if :: reply != ok -> goto away :: else fi;
               if :: goto dead :: skip fi;
               call(HAND, saw); if :: reply != ok -> goto away :: else fi
    fi;
    if :: goto dead :: skip fi;
    call(START, e); if :: reply != ok -> goto away :: else fi;
    if :: goto dead :: skip fi;
    call(DONE, e); goto dead;
away: if :: go_home() :: skip fi;
dead: skip
}

/* someone runs 'abandon' at any time, also while the flow lives */
active proctype Abandon() {  mtype reply; byte saw; if :: go_home() :: skip fi }
#ifdef TWO
active proctype AbandonAgain() {  mtype reply; byte saw; if :: go_home() :: skip fi }
#endif
/* or 'finish' */
active proctype Finish()
{
     mtype reply; byte e;
    if :: (s_handed && t_may) -> e = t_epoch; call(START, e); call(DONE, e) :: skip fi
}
/* the target's host shuts down (a running VM is saved) and comes up again; an administrator may save it, too */
active proctype TargetHost() { if :: atomic { t_run -> t_run = 0; if :: t_auto -> t_run = 1 :: else fi } :: skip fi }
