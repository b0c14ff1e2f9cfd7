#!/usr/bin/env bash
# tests/robust/run.sh GALWAY: a hurried administrator and a hostile directory. Each case says which exit
# code and which words of the output (a regular expression) it wants.
set -euo pipefail
galway=$(realpath "$1")
examples=$(realpath "$(dirname "${BASH_SOURCE[0]}")/../../examples/merger")
work=$(mktemp -d)
trap 'umount "$work/small" 2>/dev/null || true; rm -rf "$work"' EXIT
umask 022
export LC_ALL=C.UTF-8
cases=0 failed=0

# A fresh copy of the example, or of the example as it is after a first sync.
new() {
    rm -rf "$work/run"
    cp -r "$examples" "$work/run"
    cd "$work/run"
}
synced() {
    rm -rf "$work/run"
    cp -r "$work/synced" "$work/run"
    cd "$work/run"
}

# want CODE WORDS ARGUMENTS...: galway ends with CODE (a regular expression) and says WORDS
want() {
    local code=$1 words=$2 got=0
    shift 2
    cases=$((cases + 1))
    timeout 60 "$galway" -c galway.conf "$@" >"$work/out" 2>&1 </dev/null || got=$?
    [[ "$got" =~ ^$code$ ]] && grep -Eqe "$words" "$work/out" &&
        ! grep -Eq 'Sanitizer|runtime error' "$work/out" && return
    failed=$((failed + 1))
    echo "FAILED: galway $* (line ${BASH_LINENO[0]}): exit code $got, wanted $code and /$words/:"
    head -n 5 "$work/out"
}

# holds TEXT FILE TIMES
holds() {
    local n
    cases=$((cases + 1))
    n=$(grep -acFe "$1" "$2" || true)
    [ "$n" = "$3" ] && return
    failed=$((failed + 1))
    echo "FAILED: line ${BASH_LINENO[0]}: '$1' is $n times in $2, not $3"
}

# edit FILE DN LINE...: the entry with these values in the place of those it has; "-": without the entry
edit() {
    awk -v dn="dn: $2" -v lines="$(printf '%s|' "${@:3}")" '
        BEGIN {
            RS = ""
            n = split(lines, more, "|") - 1
            for (i = 1; i <= n; i++)
                gone[substr(more[i], 1, index(more[i], ":"))] = 1
        }
        index($0 "\n", dn "\n") != 1 { print $0 "\n"; next }
        more[1] == "-" { next }
        {
            many = split($0, line, "\n")
            for (i = 1; i <= many; i++) {
                if (line[i] !~ /^ /)
                    skip = substr(line[i], 1, index(line[i], ":")) in gone
                if (!skip)
                    print line[i]
            }
            for (i = 1; i <= n; i++)
                print more[i]
            print ""
        }' "$1" >"$1.new"
    mv "$1.new" "$1"
}
ann='CN=Ann Smith,OU=London,OU=People,DC=abc,DC=example'
contact='CN=Ann Smith,OU=GAL,DC=xyz,DC=example'

# --- options -----------------------------------------------------------------------------------------
new
want 2 '^galway: error: --approve: no such option of "galway diff"' diff --approve 0
want 2 '^galway: error: -f: no such option of "galway sync"' sync -full
want 2 '^galway: error: -f: no such option of "galway diff"' diff --format=json -full
want 2 '^galway: error: --full=x: no such option of "galway sync"' sync --full=x
want 2 'see "galway help"' chekc
# Help is never refused, and is of the command that was named.
for command in check diff preflight sync explain eval status links authority set init help; do
    want 0 "^galway .* $command" "$command" --help
    want 0 "^galway .* $command" "$command" -h
    want 0 "^galway .* $command" help "$command"
done
want 0 '--if-due' sync --help
want 0 '--full' diff -o "$work/never" --help
want 0 'Exit codes' -h
want 0 'Exit codes' --help
want 2 "no help on 'chekc': there is each command" help chekc
want 0 '^galway [0-9.]+$' --version
want 2 '^galway: error: --hlp: no such option before the command' --hlp
want 2 '^galway: error: nothere.conf: there is no such file' status -q -c nothere.conf
want 2 '^."time":.*nothere.conf: there is no such file' status --log-format json -c nothere.conf
want 2 '^galway: error: -x: no such option before the command' -x
want 2 '^galway: error: -c: needs a value' -c
want 2 'xml: it is text, html, json, csv, ldif, dsml or markdown' diff --format xml
want 2 "no flow 'abc' in the configuration, which has abc-to-xyz, xyz-to-abc" sync abc
want 2 "no flow 'abc' in the configuration, which has abc-to-xyz, xyz-to-abc" explain abc asmith
want 2 'none.conf: there is no such file: -c FILE names' -c none.conf status
want 2 './conf: there is no such file: -c FILE names' -c ./conf status
want 2 'named twice' sync abc-to-xyz abc-to-xyz
want 2 'folder.s name is empty' init ''
want 2 'init: folder nowhere: No such file' init nowhere
want 2 'galway.conf: it is there already, and is not written over' init .
mkdir other
want 2 '^galway: error: init: source: http://x: must begin with' init --source http://x --target xyz.ldif other
want 2 'init: the source is the target, too' init --source abc.ldif --target ./abc.ldif other
want 2 "^galway: error: init: --into: .*garbage" init --source abc.ldif --target xyz.ldif --into garbage other
[ ! -e other/galway.conf ] || { failed=$((failed + 1)); echo "FAILED: --into garbage: written all the same"; }
want 2 'into: OU=None,DC=xyz,DC=example does not exist in xyz' init --source abc.ldif --target xyz.ldif --into OU=None,DC=xyz,DC=example other
! grep -q '^flow abc-to-xyz: good' "$work/out" || { failed=$((failed + 1)); echo "FAILED: a flow without a container is good"; }
rm -r other
# On a terminal it asks, and an empty answer is the example.
mkdir terminal
cases=$((cases + 1))
printf 'abc.ldif\nxyz.ldif\n\n' | script -qec "$galway init terminal" /dev/null >"$work/out"
if ! grep -q 'file = ".*/abc.ldif"' terminal/galway.conf || ! grep -q 'flow abc-to-xyz: good' "$work/out"; then
    failed=$((failed + 1))
    echo "FAILED: init on a terminal: $(cat "$work/out")"
fi
rm terminal/galway.conf
cases=$((cases + 1))
echo | script -qec "$galway init terminal" /dev/null >"$work/out"
grep -q 'file = "abc.ldif"' terminal/galway.conf || {
    failed=$((failed + 1))
    echo "FAILED: init on a terminal without an answer: $(cat "$work/out")"
}
rm -r terminal
want 2 '/dev/null: not a regular file' diff --output /dev/null
want 2 'not a regular file' sync --output .
want 2 'nobody: no such object' explain abc-to-xyz nobody
want 2 'nobody: no such object in the source of any flow' explain nobody
want 2 'explain: an object.s DN' explain
want 0 '^flow     abc-to-xyz' explain asmith
holds adminDescription xyz.ldif 0
# An object of one of the flows is no error of the others; one of none is.
want 1 'add      CN=Ann Smith' diff --object asmith
want 2 'nobody: no such object in the source of any flow' diff --object nobody
want 2 'nobody: no such object in abc' diff --object nobody abc-to-xyz
want 2 "abc.ldif: not over connector abc: file" diff --output abc.ldif
want 2 "not over connector xyz: file" diff --output ../run/xyz.ldif
want 2 "not over connector xyz: file.changes" diff --output xyz.ldif.changes
want 2 'not over the configuration' diff -o galway.conf
want 2 'not over the state' diff -o state.db
want 2 'not over the state' sync -o "$PWD/state.db.lock"
ln xyz.ldif other.ldif
want 2 "not over connector xyz: file" sync -o other.ldif
holds adminDescription xyz.ldif 0

# --- configuration -----------------------------------------------------------------------------------
# conf SCRIPT: the example's configuration, edited with sed
conf() {
    sed "$1" "$examples/galway.conf" >galway.conf
}
conf 's/^interval/intervall/'
want 2 "galway.conf:5: no such option 'intervall'" check
conf 's/3h/3 hours/'
want 2 'galway.conf:5' check
conf 's/source = abc/source = abd/'
want 2 "no connector 'abd'" check
conf '/^    adopt/s/.*/    marker = cn/'
want 2 'marker: cn is written by rules' diff
conf '/^    adopt/s/.*/    authority-of { telephoneNumberr = xyz }/'
want 0 'warning: authority of telephoneNumberr' check
conf 's/OU=Partners/OU=Partner/'
want 0 'warning: adopt: OU=Partner,DC=xyz,DC=example does not exist' check
conf 's/OU=GAL,DC=xyz/OU=GALL,DC=xyz/'
want 2 'into: OU=GALL,DC=xyz,DC=example does not exist' sync abc-to-xyz
conf '/forest = "abc/s/.*/    id = "objectGuidd"/'
want 0 'warning: 65 entries without objectGuidd' check
conf '/^    into .*xyz/s/=.*/= ""/'
want 2 'into: the root of a directory cannot be managed' check
conf 's/"abc.ldif"/"abc.ldif/'
want 2 'galway.conf:9: a string that is not closed' check
printf 'rule user\n    scope (objectClass=user\n' >my.rules
conf 's/galsync/"my.rules"/'
want 2 'my.rules:' check
conf 's/"xyz.ldif"/"abc.ldif"/'
want 2 "galway.conf:18: file: it is connector abc's, too .*galway.conf:9" check
ln abc.ldif same.ldif
conf 's/"xyz.ldif"/"same.ldif"/'
want 2 "file: it is connector abc's, too" sync
printf 'include galsync\nrule user\n    memberOf = [memberOf]\n' >my.rules
conf 's/galsync/"my.rules"/'
want 0 'abc-to-xyz: warning: the rules write memberOf: that is never written' check
conf 's/"my.rules"/galsync/;s/rules  = galsync/rules = "my.rules"/'
want 2 'not over flow abc-to-xyz: rules' diff -o my.rules
printf 'include galsync\nrule user\n    company = IIF(IsPresent([title]), "x", %%Nowhere%%)\n' >my.rules
want 2 'my.rules:3: there is no parameter %Nowhere%: it may be given in params' check
printf 'params { nowhere = "ABC" }\n' >>galway.conf
want '[01]' '' diff
mkdir below
printf 'include below/more.rules\n' >my.rules
printf 'include galsync\n' >below/more.rules
want 2 'not over flow abc-to-xyz: rules' diff -o below/more.rules
conf ''
chmod 664 galway.conf
want 2 'group or others may write it' check

# --- files -------------------------------------------------------------------------------------------
new
want 4 '31 added' sync
cp -r . "$work/synced"
: >abc.ldif
want 3 'refused, nothing was written: 32 deletes and contacts let go' sync abc-to-xyz
holds 'galway:abc-to-xyz:' xyz.ldif 32
synced
head -c 50000 "$work/synced/abc.ldif" >abc.ldif
want 2 'truncated' sync abc-to-xyz
synced
: >xyz.ldif
want 2 'OU=GAL,DC=xyz,DC=example does not exist' sync abc-to-xyz
synced
rm abc.ldif
mkfifo abc.ldif
want 2 'not a regular file' sync abc-to-xyz
synced
sed -i 's/$/\r/' abc.ldif
want 4 'nothing to do' sync --full abc-to-xyz
synced
printf 'version: 1\n\ndn: %s\nchangetype: delete\n' "$contact" >xyz.ldif.changes
want 4 'nothing to do' sync --full abc-to-xyz
holds "dn: $contact" xyz.ldif 1

# --- state -------------------------------------------------------------------------------------------
synced
rm state.db
want 4 '32 linked' sync abc-to-xyz
holds 'galway:abc-to-xyz:' xyz.ldif 32
synced
head -c 16384 /dev/urandom >state.db
want 2 'not a database: put a backup in its place' sync
synced
rm state.db.lock
mkdir state.db.lock
want 2 'cannot open its lock file' sync
synced
conf 's/^flow abc-to-xyz/flow renamed/'
want 4 '34 in conflict, nothing to do' sync renamed
want 0 'state of abc-to-xyz: warning: no flow of this name' check
# The way out that docs/design.md tells.
/usr/bin/python3 - <<'END'
import sqlite3
with sqlite3.connect("state.db") as state:
    state.execute("DELETE FROM flow WHERE name = 'renamed'")
    state.execute("UPDATE flow SET name = 'renamed' WHERE name = 'abc-to-xyz'")
END
want 4 '32 modified, 2 in conflict' sync --full renamed
want 4 '32 unchanged, 2 in conflict, nothing to do' sync --full renamed
holds 'galway:renamed:' xyz.ldif 32
want 0 'state of xyz-to-abc: [0-9]+ links, last good run [0-9]+ minutes ago' check
synced
chmod g+w state.db
want 2 'state.db: group or others may write it' sync
want 2 'state.db: group or others may write it' check
# What a sync would stumble over, check says, and changes nothing.
new
want 2 '"galway check" takes no argument: .abc-to-xyz' check abc-to-xyz
# checked EDIT CHECK SYNC WORDS: the exit codes of both, and what check says
checked() {
    new
    conf "$1"
    find . -ls >"$work/before"
    want "$2" "$4" check
    cases=$((cases + 1))
    find . -ls | cmp -s - "$work/before" || {
        failed=$((failed + 1))
        echo "FAILED: check changed a file (line ${BASH_LINENO[0]})"
    }
    want "$3" . sync
}
checked '/^connector abc/a canary = "CN=Nobody,DC=abc,DC=example"' 2 3 \
    'connector abc: FAILED: the canary CN=Nobody,DC=abc,DC=example is not to be seen in abc: .*by its DN'
checked '/^connector xyz/a canary = "nobody"' 2 3 'connector xyz: FAILED: the canary nobody is not to be seen in xyz'
checked '/^connector xyz/a canary = "OU=GAL,DC=xyz,DC=example"' 0 4 'connector xyz: good'
checked '1a metrics = "/nowhere/galway.prom"' 2 2 \
    'metrics: FAILED: metrics /nowhere/galway.prom: .*No such file or directory: make the folder'
checked '1a metrics = "abc.ldif"' 2 2 'metrics: FAILED: metrics .*/abc.ldif: not over connector abc: file'
checked '1a metrics = "."' 2 2 'metrics: FAILED: .*not a regular file'
checked '1a metrics = "galway.prom"' 0 4 'metrics .*/galway.prom: good'
checked 's|"state.db"|"nowhere/state.db"|' 2 2 'state: FAILED: state .*/nowhere/state.db: its folder is not there: make it'
# In another user's folder: it is said who that is, and what root makes there is the user's.
if [ "$(id -u)" = 0 ]; then
    new
    mkdir private
    sed -i 's|"state.db"|"private/state.db"|' galway.conf
    chown nobody private
    chmod 700 private
    chmod 755 "$work" "$work/run"
    cp "$galway" "$work/galway"
    want 4 '31 added' sync
    cases=$((cases + 1))
    [ "$(stat -c %U private/state.db private/state.db.lock | sort -u)" = nobody ] || {
        failed=$((failed + 1))
        echo "FAILED: whose the state is: $(ls -l private)"
    }
    chown daemon private
    as_nobody() {
        setpriv --reuid nobody --regid nogroup --clear-groups -- "$work/galway" "$@"
    }
    cases=$((cases + 1))
    as_nobody -c galway.conf status >"$work/out" 2>&1 || true
    grep -q "Permission denied: its folder is daemon's: runuser -u daemon -- galway" "$work/out" || {
        failed=$((failed + 1))
        echo "FAILED: another user's folder: $(cat "$work/out")"
    }
    # says WORDS: what check says to nobody
    says() {
        cases=$((cases + 1))
        as_nobody -c galway.conf check >"$work/out" 2>&1 || true
        grep -Eq "state: FAILED: .*$1" "$work/out" || {
            failed=$((failed + 1))
            echo "FAILED: check does not say '$1' (line ${BASH_LINENO[0]}): $(grep state "$work/out")"
        }
    }
    says "Permission denied: its folder is daemon's: runuser -u daemon -- galway"
    chown nobody private
    chmod 500 private
    says 'cannot open its lock file: Permission denied'
    chmod 700 private
    chmod 400 private/state.db
    says 'private/state.db may not be written: Permission denied: give it to the user who runs galway'
fi
synced
chmod o+w state.db.lock
want 2 'state.db.lock: group or others may write it' sync
# A page in the middle is lost: told before anything is written.
synced
dd if=/dev/urandom of=state.db bs=8192 seek=3 count=2 conv=notrunc status=none
cp xyz.ldif before
cp state.db damaged
want 2 'state: FAILED: .*: damaged: .*: put a backup in its place, or move it away' check
want 2 'put a backup in its place, or move it away' sync --full
cmp -s xyz.ldif before || { echo "FAILED: written with a damaged state"; failed=$((failed + 1)); }
cmp -s state.db damaged || { echo "FAILED: written to a damaged state"; failed=$((failed + 1)); }
new
for delay in 0.01 0.02 0.04 0.05 0.07 0.1; do
    # The shell tells that it was killed.
    { timeout -s KILL "$delay" "$galway" -c galway.conf sync --full || true; } >"$work/out" 2>&1
done
want 4 'abc-to-xyz' sync
want 4 'abc-to-xyz .*, 32 unchanged, 2 in conflict, nothing to do' sync --full
holds 'galway:abc-to-xyz:' xyz.ldif 32

# Adopted and linked, so no source for the way back, though somebody took its marker off.
synced
bob='CN=Bob Garcia (ABC),OU=Partners,DC=xyz,DC=example'
edit xyz.ldif "$bob" 'adminDescription: theirs'
want 0 'excluded: is linked as another flow.s target' explain xyz-to-abc "$bob"

# --- a share for a number ----------------------------------------------------------------------------
new
sed -i 's|^    into .*|&\n    max-deletes-percent = 500|' galway.conf
want 2 'galway.conf:[0-9]+: max-deletes-percent = 500: more than 100 %' sync

# --- two at once -------------------------------------------------------------------------------------
# The first waits for somebody to read its report, with the lock in its hand.
new
mkfifo report
exec 7<>report
"$galway" -c galway.conf sync --format json >report 7>&- &
first=$!
for _ in $(seq 100); do
    [ ! -s state.db.lock ] || flock -n state.db.lock true || break
    sleep 0.05
done
want 5 "another run holds the lock, process $first, for" sync
want 5 "another run holds the lock, process $first, for" diff
want 0 "a run is at work since .*, process $first:" status
echo "$first $(($(date +%s) - 172800))" >state.db.lock
want 2 'stale: that is more than 540 minutes ago' status
exec 8<report 7>&-
cat <&8 >/dev/null
exec 8<&-
code=0
wait "$first" || code=$?
[ "$code" = 4 ] || { echo "FAILED: the first of two runs ended with $code"; failed=$((failed + 1)); }
want 4 'nothing to do' sync

# A long page of which somebody has read the first character keeps no sync out.
mkfifo page
exec 7<>page
/usr/bin/python3 -c 'import fcntl; fcntl.fcntl(7, 1031, 4096)' # F_SETPIPE_SZ: a page is longer than that
"$galway" -c galway.conf diff --undo 1 --format html >page 7>&- &
reader=$!
head -c 1 <&7 >/dev/null
want 4 'nothing to do' sync
exec 8<page 7>&-
[ "$(cat <&8 | tail -n 1)" = '</html>' ] || { echo "FAILED: the page is not whole"; failed=$((failed + 1)); }
exec 8<&-
wait "$reader" && { echo "FAILED: a diff with changes ended with 0"; failed=$((failed + 1)); }
# One that reads, and is no run.
exec 9<state.db.lock
flock -s 9
want 5 'somebody reads it' sync
exec 9<&-

# --- a full disk -------------------------------------------------------------------------------------
# With room for nothing, for the changes, for the new file, for the state ...: nothing is half-done.
mkdir "$work/small"
for size in 208 220 240 280 300 340 360; do
    mount -t tmpfs -o "size=${size}k" none "$work/small" 2>/dev/null || {
        echo "a full disk: skipped, nothing can be mounted here"
        break
    }
    cp "$examples"/* "$work/small"
    cd "$work/small"
    want 5 'No space left|disk is full' sync
    want '[15]' '' diff
    mount -o remount,size=4m "$work/small"
    want 4 'abc-to-xyz' sync
    want 4 '32 unchanged, 2 in conflict, nothing to do' sync --full abc-to-xyz
    holds 'galway:abc-to-xyz:' xyz.ldif 32
    cd "$work"
    umount "$work/small"
done

# --- streams -----------------------------------------------------------------------------------------
new
"$galway" -c galway.conf sync --format text 2>"$work/out" | head -n 1 >/dev/null || true
want 4 'xyz-to-abc .delta.*nothing to do' sync
new
"$galway" -c galway.conf sync <&- >&- 2>&- || true
want 4 'xyz-to-abc .delta.*nothing to do' sync

# full COMMAND...: standard output has no room: told, and exit 5
full() {
    local got=0
    cases=$((cases + 1))
    "$galway" -c galway.conf "$@" 2>"$work/out" >/dev/full || got=$?
    [ "$got" = 5 ] && grep -q '^galway: error: standard output: ' "$work/out" && return
    failed=$((failed + 1))
    echo "FAILED: galway $* >/dev/full: exit code $got: $(head -n 5 "$work/out")"
}
full help
full completion bash
# What came to nothing is in the report, too.
mv abc.ldif gone.ldif
want 2 '"flows":\[\{"flow":"abc-to-xyz","exit":2,"error":"[^"]*abc.ldif[^"]*"\},\{"flow":"xyz-to-abc","exit":2,' \
    sync --format json

# --- a run that hangs ---------------------------------------------------------------------------------
synced
cat >>galway.conf <<'END'
deadline = 1s
connector slow {
    type = ldap
    url = "ldaps://127.0.0.1:9"
    base = "DC=abc,DC=example"
    bind = "CN=galway"
    password = "exec:sleep 20"
}
flow slow-to-xyz {
    source = slow
    target = xyz
    into = "OU=GAL,DC=xyz,DC=example"
}
END
cp xyz.ldif before.ldif
want 5 'longer than its deadline of 1 s' sync slow-to-xyz
cmp -s xyz.ldif before.ldif || failed=$((failed + 1))
# The lock went with it.
want 4 'abc-to-xyz .delta.*nothing to do' sync abc-to-xyz

# What it starts has what it gave itself: files of its own only, and no core.
cat >>galway.conf <<'END'
connector program {
    type = exo
    command = {"/bin/sh", "-c", "umask >seen; ulimit -Hc >>seen"}
    base = "O=tenant"
}
flow program-to-xyz {
    source = program
    target = xyz
    into = "OU=GAL,DC=xyz,DC=example"
}
END
want 5 'bin.sh: ended' sync program-to-xyz
holds 0077 <(head -n 1 seen) 1
holds 0 <(tail -n 1 seen) 1

# --- a hostile directory -----------------------------------------------------------------------------
synced
edit abc.ldif "$ann" 'displayName:: QW5uG1szMW1yZWQ='
want 4 'E_CTRL: displayName .Ann.x1b.31mred' sync abc-to-xyz
synced
edit abc.ldif "$ann" 'company: =1+1'
want 1 "\"'=1\\+1\"" diff --format csv abc-to-xyz
synced
edit abc.ldif "$ann" 'objectGUID:: !!!!'
want 2 'abc.ldif:[0-9]+: expected base64' sync abc-to-xyz
synced
edit xyz.ldif "$contact" 'sAMAccountName: asmith'
edit abc.ldif "$ann" 'extensionAttribute9: changed' 'title: Boss'
want 4 'an account and no contact' sync abc-to-xyz
edit abc.ldif "$ann" -
want 4 '1 forgotten' sync abc-to-xyz
holds "dn: $contact" xyz.ldif 1
synced
edit xyz.ldif "$contact" 'adminCount: 1'
edit abc.ldif "$ann" -
want 4 '1 forgotten' sync abc-to-xyz
holds "dn: $contact" xyz.ldif 1

# One who refers to 70,000, of whom two have a contact, one since this run, and has 40,000 values that are merged: in the
# time of few.
new
printf 'include galsync\nrule user\n    seeAlso = [seeAlso]\n    url merge = [url]\n' >my.rules
conf 's/galsync/"my.rules"/'
want 4 '' sync abc-to-xyz
seq -f 'seeAlso: CN=%05.0f,OU=None,DC=abc,DC=example' 70000 >many
seq -f 'url: http://abc.example/%05.0f' 40000 >>many
printf 'seeAlso: CN=%s,OU=London,OU=People,DC=abc,DC=example\n' 'Bob Garcia' 'Aaron New' >>many
sed -i "/^dn: $ann/r many" abc.ldif
printf '%s\n' '' 'dn: CN=Aaron New,OU=London,OU=People,DC=abc,DC=example' 'objectClass: user' \
    'objectGUID: aaron-----------' 'cn: Aaron New' 'displayName: Aaron New' 'sAMAccountName: aaron' \
    'mail: aaron@abc.example' 'proxyAddresses: SMTP:aaron@abc.example' >>abc.ldif
want 4 '' sync abc-to-xyz
holds 'seeAlso: CN=Bob Garcia (ABC),OU=Partners,DC=xyz,DC=example' xyz.ldif 1
holds 'seeAlso: CN=Aaron New,OU=GAL,DC=xyz,DC=example' xyz.ldif 1
holds 'seeAlso: ' xyz.ldif 2
sed -i '/^url: .*00007$/d; s/^title: .*/title: Other/' abc.ldif
want 4 '' sync abc-to-xyz
holds 'url: http://abc.example/' xyz.ldif 39999

echo "$((cases - failed)) of $cases"
[ "$failed" = 0 ]
