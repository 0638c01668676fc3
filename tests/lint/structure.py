#!/usr/bin/python3
"""structure.py - who includes whom: no circle, no arrow from a room to one that it may not use, and a queen's core that
is not deep. A module is the .h and the .c of one name, with its private header (NAME_parts.h, NAME_private.h). Prints the
figures."""
import os
import re
import sys

import c_source

DEPTH_MAX = 10  # of queen/core: a module that includes none of the core's has depth 1
CIRCLES_MAX = 0

# Room: the rooms that it may use besides itself. docs/architecture.md says why. The longest folder wins.
BASE, CORE = ["common/base"], ["common/base", "common/proto"]
IO = ["common/base", "common/sys", "common/mqtt", "common/io"]
PROGRAM = CORE + IO + ["common/daemon"]
FLEET, RULES = "queen/core/fleet", "queen/core/rules"
ROOMS = {
    "common/base": [],
    "common/sys": BASE,
    "common/proto": BASE,
    "common/mqtt": ["common/base", "common/sys"],
    "common/io": ["common/base", "common/sys", "common/mqtt"],
    "common/daemon": CORE + IO,
    "queen/core/include": CORE,
    FLEET: CORE + ["queen/core/include"],
    RULES: CORE + [FLEET, "queen/core/include"],
    "queen/core/api": CORE + [FLEET, RULES, "queen/core/include"],
    "queen/core": CORE + [FLEET, RULES, "queen/core/api", "queen/core/include"],
    "queen": PROGRAM + ["queen/core/include"],
    "hive/core/include": CORE + ["hive/core"],  # process and roster are part of what a driver sees
    "hive/core": CORE + ["hive/core/include"],
    "hive": PROGRAM + ["hive/core", "hive/core/include"],
    "worker/include": [],
    "worker/core": CORE + ["worker/include"],  # the fields and verdicts that a program sets are the library's
    "worker/lib": CORE + ["common/sys", "common/mqtt", "worker/core", "worker/include"],
    "worker/agent/core": CORE + ["worker/include"],
    "worker/agent": PROGRAM + ["worker/agent/core", "worker/include"],
    "worker/probe/core": CORE,
    "worker/probe": PROGRAM + ["worker/probe/core"],
    "cli/core": CORE,
    "cli": PROGRAM + ["cli/core"],
}

# Includes that the table forbids and that stand all the same, each with its reason: "FILE HEADER".
ALLOWED = {}


def room_of(path):
    folder = os.path.dirname(path)
    while folder and folder not in ROOMS:
        folder = os.path.dirname(folder)
    return folder


def module_of(path):
    return re.sub(r"_(parts|private)$", "", os.path.splitext(path)[0])


def target_of(path, mark, name, files, headers):
    """The file of the product that PATH includes as NAME: next to it, or by its name, which only one header has."""
    beside = os.path.normpath(os.path.join(os.path.dirname(path), name))
    if mark == '"' and beside in files:
        return beside
    return headers.get(name) or (headers.get(os.path.basename(name)) if mark == '"' else None)


def read(files):
    """{module: {module that it includes}}, and the includes that ROOMS does not allow."""
    known = set(files)
    headers = {}
    for path in files:
        if path.endswith(".h"):
            headers[path[path.index("skep/"):] if "/skep/" in path else os.path.basename(path)] = path
    graph, against = {}, []
    for path in files:
        module = module_of(path)
        here = graph.setdefault(module, set())
        if not room_of(path):
            against.append(f"{path}: is in no room")
        for mark, name in re.findall(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', c_source.text_of(path), re.MULTILINE):
            if ".." in name.split("/"):
                against.append(f"{path}: {name}: a header is included by its name, not by a way to it")
            target = target_of(path, mark, name, known, headers)
            if not target:
                continue
            if module_of(target) != module:
                here.add(module_of(target))
            room, used = room_of(path), room_of(target)
            if room and used != room and used not in ROOMS[room] and f"{path} {name}" not in ALLOWED:
                against.append(f"{path}: {room} may not use {target}")
    return graph, against


def circles(graph):
    """The groups of modules that include one another (Tarjan)."""
    index, low, stack, found = {}, {}, [], []

    def visit(module):
        index[module] = low[module] = len(index)
        stack.append(module)
        for other in sorted(graph.get(module, ())):
            if other not in index:
                visit(other)
                low[module] = min(low[module], low[other])
            elif other in stack:
                low[module] = min(low[module], index[other])
        if low[module] == index[module]:
            group = stack[stack.index(module):]
            del stack[stack.index(module):]
            if len(group) > 1:
                found.append(sorted(group))

    sys.setrecursionlimit(10000)
    for module in sorted(graph):
        if module not in index:
            visit(module)
    return found


def deepest(graph, inside):
    """The longest chain of includes among the modules that begin with INSIDE; no circle in it is followed."""
    chains = {}

    def chain(module, above=()):
        if module not in chains:
            below = [chain(other, above + (module,)) for other in graph.get(module, ())
                     if other.startswith(inside) and other not in above]
            chains[module] = [module] + max(below, key=len, default=[])
        return chains[module]

    return max((chain(module) for module in graph if module.startswith(inside)), key=len, default=[])


def main():
    graph, against = read(c_source.product_files())
    rings, tower = circles(graph), deepest(graph, "queen/core/")
    print(f"structure: {len(graph)} modules, {sum(map(len, graph.values()))} includes between them, {len(rings)} circles, "
          f"{len(against)} against the direction ({len(ALLOWED)} more allowed), queen/core {len(tower)} deep")
    faults = sorted(against)
    if len(rings) > CIRCLES_MAX:
        faults += [f"circle: {' '.join(ring)}" for ring in rings]
    if len(tower) > DEPTH_MAX:
        faults.append(f"queen/core is {len(tower)} deep, more than {DEPTH_MAX}: "
                      + " > ".join(os.path.basename(module) for module in tower))
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


sys.exit(main())
