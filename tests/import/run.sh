#!/usr/bin/env bash
# galway import-rules: tests/import/run.sh GALWAY
#
# rules.xml becomes rules.rules, to the byte; what comes out is a rule file that check takes and that works; what is
# no synchronization rule is refused.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
galway=$(realpath "${1:?usage: tests/import/run.sh GALWAY}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
umask 077
cd "$work"

fail() {
    echo "import: $*" >&2
    exit 1
}

# want EXIT TEXT WORD...: galway ends so, and says that on standard error
want() {
    local exit=$1 text=$2 code=0
    shift 2
    "$galway" "$@" >out 2>err || code=$?
    [ "$code" = "$exit" ] || fail "$*: ended with $code, not $exit: $(cat err)"
    grep -qF -- "$text" err || fail "$*: does not say \"$text\" but: $(cat err)"
}

want 4 '7 synchronization rules, 13 lines carried over, 11 not' -v import-rules "$here/rules.xml"
diff -u "$here/rules.rules" out || fail "rules.xml does not become rules.rules"
cp out rules.rules

# The same of several files, one a rule, whatever their order; and then all is carried over.
rule() {
    cat <<END
<synchronizationRule><name>$1</name><direction>Inbound</direction><sourceObjectType>user</sourceObjectType>
<targetObjectType>person</targetObjectType><linkType>Join</linkType><precedence>$2</precedence><attribute-mappings>
<mapping><dest>l</dest><src><attr>$3</attr></src></mapping></attribute-mappings></synchronizationRule>
END
}
rule b 20 l >b.xml
rule a 10 c >a.xml
"$galway" import-rules b.xml a.xml >ba || fail "two files: ended with $?"
"$galway" import-rules a.xml b.xml | cmp - ba || fail "the order of the files matters"
[ "$(grep -c '^    l = ' ba)" = 2 ] || fail "not two lines"
[ "$(grep -m 1 '^    l = ' ba)" = '    l = [c]' ] || fail "not by precedence"

# It is a rule file: of those people who are in scope contacts are planned, as the lines say.
cat >galway.conf <<'END'
state = "state.db"
connector abc {
    type = ldif
    file = "abc.ldif"
    base = "DC=abc,DC=example"
}
connector xyz {
    type = ldif
    file = "xyz.ldif"
    base = "DC=xyz,DC=example"
}
flow abc-to-xyz {
    source = abc
    target = xyz
    rules = "rules.rules"
    into = "OU=GAL,DC=xyz,DC=example"
}
END
# person NUMBER CN LINE...
person() {
    printf 'dn: CN=%s,DC=abc,DC=example\nobjectClass: user\ncn: %s\ndisplayName: %s\nsAMAccountName: p%s\n' "$2" "$2" "$2" "$1"
    printf 'mail: p%s@abc.example\nobjectGUID:: %s\ntitle: usual\nextensionAttribute2: special\nmailNickname: p%s\n' "$1" \
        "$(printf '%016d' "$1" | base64)" "$1"
    printf 'userAccountControl: 512\nmsExchRecipientTypeDetails: 1\n'
    printf '%s\n' "${@:3}" ''
}
{
    person 1 Ann 'proxyAddresses: SMTP:p1@xyz.example' 'proxyAddresses: smtp:p1@abc.EXAMPLE'
    person 2 Bob 'proxyAddresses: SMTP:p2@xyz.example'
    person 3 Cy 'department: BOARD (old)'
    person 4 Dee 'department: board (old)' 'extensionAttribute1: SYNCed'
    person 5 Eve | sed 's/^userAccountControl: 512/userAccountControl: 514/'
} >abc.ldif
printf 'dn: OU=GAL,DC=xyz,DC=example\nobjectClass: organizationalUnit\nou: GAL\n\n' >xyz.ldif
"$galway" -c galway.conf check >out 2>err || fail "check: $(cat out err)"
code=0
"$galway" -c galway.conf diff --format csv >plan || code=$?
[ "$code" = 1 ] || fail "diff: ended with $code"
grep -o '"CN=[A-Za-z]*,OU=GAL,DC=xyz,DC=example","title","add","","[a-z]*"' plan | sort >got
cat >should <<'END'
"CN=Ann,OU=GAL,DC=xyz,DC=example","title","add","","special"
"CN=Bob,OU=GAL,DC=xyz,DC=example","title","add","","usual"
"CN=Dee,OU=GAL,DC=xyz,DC=example","title","add","","usual"
END
diff -u should got || fail "the plan is another"

want 2 'name files' import-rules
want 2 'none.xml: No such file' import-rules none.xml
echo '<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><synchronizationRule><name>&e;</name></synchronizationRule>' >x.xml
want 2 'a DOCTYPE is not accepted' import-rules x.xml
echo '<rules/>' >x.xml
want 2 'x.xml:1: this element is not known here: rules' import-rules x.xml
rule a 10 c | sed 's/Inbound/Sideways/' >x.xml
want 2 'x.xml:1: direction is "Sideways"' import-rules x.xml
rule a ten c >x.xml
want 2 'x.xml:1: precedence "ten" is not a number' import-rules x.xml
rule a 10 c | sed 's/>user</></' >x.xml
want 2 'x.xml:1: no sourceObjectType' import-rules x.xml
