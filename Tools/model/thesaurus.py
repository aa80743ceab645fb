"""Words that may stand for each other in a question without changing what is asked."""

from __future__ import annotations

import random

GROUPS = """
show, display, report, indicate, reveal, present, list
shows, displays, reports, indicates, reveals, tells, lists, says
measure, quantify, capture, express, track
measures, quantifies, captures, expresses, tracks, covers, gives
metric, measurement, figure, number, statistic, quantity, measure, value
explain, describe, clarify, summarise, outline, interpret, illustrate, characterise
mean, signify, imply, denote, indicate, express
meaning, sense, definition, interpretation, significance, explanation
purpose, use, aim, reason, function, point, benefit, job
begin, start, commence, open
begins, starts, commences, opens, kicks off
finish, end, complete, conclude, be done
answer, reply, response, output, text
answers, replies, responses
word, token
words, tokens
request, query, call, job
requests, queries, calls, jobs
wait, delay, pause, lag
setting, option, field, knob, parameter, entry, key, switch, flag
variable, environment variable, env variable, environment entry
machine, host, node, server, box
machines, hosts, nodes, servers, boxes
gpu, card, device, accelerator
gpus, cards, devices, accelerators
split, divide, cut, slice, partition, break
splitting, dividing, cutting, slicing, breaking up
choose, pick, select, decide on
chooses, picks, selects, determines, decides
chosen, picked, selected, assigned
copy, replicate, duplicate, clone
copies, replicas, duplicates
fast, quick, rapid, speedy
quickly, fast, rapidly, soon
slow, sluggish, laggy, lagging
big, large, huge, enormous, giant, long
small, tiny, little, short
stop, halt, shut down, end, quit
remove, delete, drop, take away, get rid of
removes, deletes, drops, takes away, gets rid of
watch, monitor, observe, follow, look at, see
use, employ, apply, try
need, require, want, wish for
get, obtain, receive
limit, cap, bound, restrict, maximum
limits, caps, bounds, restricts, determines
set, collection, team, bunch, union
member, participant, part, element
together, simultaneously, jointly, at the same time, as one, as a unit
everybody, everyone, all, all others, the rest
each, every, every single, any
several, multiple, various, a couple of
happens, occurs, takes place, goes on, results
happen, occur, take place, go on
fails, breaks, crashes, dies, goes down
failed, broke, crashed, died, went down
fail, break, crash, die, go down
stuck, hanging, frozen, blocked, hung
busy, active, working, occupied, engaged
idle, unused, sleeping, inactive, free
place, put, locate, pack, position
called, named, termed, known as
name, term, word, label, expression
part, role, task, responsibility, job, duty
phase, stage, period, part
reuse, share, profit from, use again
rest, remainder
memory, ram, storage
full, filled, exhausted, used up
free, empty, available, left
more, additional, extra, further
fewer, less, not so many
high, large, big, elevated
low, small, poor, bad, disappointing
raise, increase, enlarge, lift, grow
lower, reduce, decrease, shrink, cut
raised, increased, changed, enlarged
improve, better, optimise, boost
rises, grows, increases, goes up, climbs
find, discover, locate, spot, notice
find out, learn, see, know
send, ship, move, transfer, pass
sends, ships, moves, transfers, passes
sending, shipping, moving, transferring
gather, collect, bring back, sum, add up
kind, type, sort, form
work, function, operate, run
works, functions, operates, runs
know, understand, learn
guide, manual, documentation, docs, tutorial
client, user, customer, caller
clients, users, customers, callers
command, tool, subcommand, program
manifest, manifest file
check, test, verify, inspect, examine
checks, tests, verifies, inspects, proofreads
errors, mistakes, faults, problems, typos
deployment, application, app, service
launch, start, bring up, run, boot
starts, launches, boots, brings up
started, launched, brought up
restarted, started again, relaunched
restart, start again, relaunch, bring back
advice, help, remedy, fix, hint
helps, works, is the remedy, is advised
good, right, suitable, best, useful, fitting
bad, wrong, unsuitable, poor
important, relevant, essential
default, standard, usual, normal
load, traffic, work
compare, contrast
difference, distinction
between, among
before, prior to, ahead of
after, following, behind, once past
during, while in, in
again, once more, another time
now, currently, at present, at this moment
current, present, actual
percentage, share, portion, fraction, part
average, mean, typical
total, whole, entire, complete, overall
time, seconds, duration, span
gap, pause, interval, distance
separate, different, distinct, own
fixed, constant, preallocated
balance, even out, equalise, spread
balanced, even, equal
hold, keep, possess
owns, holds, keeps, possesses
written, produced, generated, emitted, created
writes, produces, generates, emits, creates
write, produce, generate, emit, create
writing, producing, generating, emitting, creating
uses, employs, activates
compute, calculate, process
computes, calculates, processes, digests
computed, calculated, processed
exchange, communication, traffic
longest, largest, maximum, greatest
turns on, enables, activates, switches on
turn on, enable, activate, switch on
turn off, disable, deactivate, switch off
skip, avoid, omit, leave out
long, lengthy, big
a lot of, many, lots of, plenty of, numerous
why, for what reason, how come, what is the reason
how many, what number of
where, in what place, at which place
who, which component, what
colleague, teammate, boss, coworker
dashboard, chart, screen, console, table, log
""".strip().splitlines()


def _table() -> dict[str, list[str]]:
    table: dict[str, list[str]] = {}
    for line in GROUPS:
        group = [w.strip() for w in line.split(",")]
        for word in group:
            table.setdefault(word, []).extend(o for o in group if o != word)
    return table


OTHERS = _table()


def varied(text: str, share: float, draw: random.Random) -> str:
    """Replaces about `share` of the words that have a stand-in."""
    made = []
    for word in text.split():
        bare = word.strip("?,.!:").lower()
        if bare in OTHERS and draw.random() < share:
            word = word.lower().replace(bare, draw.choice(OTHERS[bare]), 1)
        made.append(word)
    return " ".join(made)
