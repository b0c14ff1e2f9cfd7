#include "plan_cases.h"

#include "sync/gate.h"

#define WIPES(attr)                                                                         \
	"conflict: E_WIPE: " attr " would lose all its values: if it shall, the rules say " \
	"AuthoritativeNull"

/* The table of the decision. */
static const struct plan_case cases[] = {
	/* 1: not ours */
	{1, "left", "", "", "none"},
	{1, "left", "t1 cn=ann tel=1", "", "none"},
	{1, "gone", "t1 cn=ann tel=1", "", "none"},

	/* 2: nothing is left of it */
	{2, "gone", "", LINKED, "forget t1"},
	{2, "left", "", LINKED, "forget t1"},
	{2, "gone", "", "linked; leave hide", "forget t1"},
	{2, "gone", "", "linked; object xyz", "forget t1"},

	/* 3: the source left */
	{3, "gone", "t1 cn=ann tel=1", LINKED, "delete t1"},
	{3, "left", "t1 cn=ann tel=1", LINKED, "delete t1"},
	{3, "gone", "t1 cn=ann", "linked; leave keep",
		"forget t1 | left the source: kept, no longer managed"},
	{3, "gone", "t1 cn=ann", "linked; leave hide",
		"modify t1 +hide=TRUE | left 200 | left the source: hidden, and deleted after the "
		"grace period"},
	{3, "gone", "t1 cn=ann hide=FALSE", "linked; leave hide",
		"modify t1 -hide=FALSE +hide=TRUE | left 200 | left the source: hidden, and "
		"deleted after the grace period"},
	/* hidden by somebody else before, or since by us */
	{3, "gone", "t1 cn=ann hide=TRUE", "linked; leave hide", "none | left -200"},
	{3, "gone", "t1 cn=ann hide=TRUE", "left -150; leave hide", "none | left -150"},
	{3, "gone", "t1 cn=ann hide=TRUE", "left -300; leave hide", "none | left -200"},
	{3, "gone", "t1 cn=ann hide=TRUE", "left -100; leave hide", "delete t1"},
	{3, "gone", "t1 cn=ann", "left -150; leave hide",
		"modify t1 +hide=TRUE | left 150 | left the source: hidden, and deleted after the "
		"grace period"},
	{3, "gone", "t1 cn=ann hide=TRUE", "left -50; leave keep",
		"forget t1 | left the source: kept, no longer managed"},
	{3, "gone", "t1 cn=ann hide=true", "left 150; leave hide", "none | left 150"},
	{3, "gone", "t1 cn=ann", "left 150; leave hide",
		"modify t1 +hide=TRUE | left 150 | left the source: hidden, and deleted after the "
		"grace period"},
	{3, "left", "t1 cn=ann hide=TRUE", "left 101; leave hide", "none | left 101"},
	{3, "left", "t1 cn=ann hide=TRUE", "left 100; leave hide", "delete t1"},
	{3, "gone", "t1 cn=ann hide=TRUE", "left 50; leave hide", "delete t1"},
	/* the clock was ahead then: it counts from now */
	{3, "gone", "t1 cn=ann hide=TRUE", "left 300; leave hide", "none | left 200"},
	{3, "gone", "t1 cn=ann hide=TRUE", "left 50; leave keep",
		"forget t1 | left the source: kept, no longer managed, and hidden still "
		"(msExchHideFromAddressLists)"},
	{3, "gone", "t1 cn=ann", "linked; leave hide; of hide xyz",
		"modify t1 | abc may not: hide=TRUE"},
	/* and it is not ours to touch */
	{3, "gone", "t1 cn=ann", "linked; mark -",
		"forget t1 | does not carry our marker any more: left alone"},
	{3, "gone", "t1 cn=ann", "linked; mark galway:f:s2",
		"forget t1 | does not carry our marker any more: left alone"},
	{3, "gone", "t1 cn=ann", "linked; mark galway:f:s1 ", "delete t1"},
	{3, "gone", "t1 cn=ann", "linked; mark GALWAY:f:s1",
		"forget t1 | does not carry our marker any more: left alone"},
	{3, "gone", "t1 cn=ann,OU=Staff", LINKED,
		"forget t1 | is not in the managed containers any more: left alone"},
	{3, "gone", "t1 cn=ann,OU=GAL,OU=Staff", LINKED,
		"forget t1 | is not in the managed containers any more: left alone"},
	{3, "gone", "t1 cn=ann,OU=Sub,OU=GAL", LINKED, "delete t1"},
	{3, "gone", "t1 cn=ann,OU=Old", LINKED,
		"forget t1 -mark | was adopted outside the target container: kept, no longer "
		"managed"},
	{3, "gone", "t1 cn=ann,OU=Old", "linked; leave hide",
		"forget t1 -mark | was adopted outside the target container: kept, no longer "
		"managed"},
	{3, "gone", "t1 cn=ann,OU=Old", "linked; mark -",
		"forget t1 | does not carry our marker any more: left alone"},
	{3, "gone", "t1 cn=ann sAMAccountName=ann", LINKED,
		"forget t1 | has a sAMAccountName, so that it is an account and no contact: left "
		"alone"},
	{3, "gone", "t1 cn=ann sAMAccountName=ann", "linked; writes sAMAccountName", "delete t1"},
	{3, "gone", "t1 cn=ann adminCount=1", LINKED,
		"forget t1 | is protected (isCriticalSystemObject or adminCount): left alone"},
	{3, "gone", "t1 cn=ann adminCount=0", LINKED, "delete t1"},
	{3, "gone", "t1 cn=ann isCriticalSystemObject=TRUE", LINKED,
		"forget t1 | is protected (isCriticalSystemObject or adminCount): left alone"},
	{3, "gone", "t1 cn=ann isCriticalSystemObject=FALSE", LINKED, "delete t1"},
	{3, "gone", "t1 cn=ann", "linked; object xyz", "modify t1 | abc may not: -dn"},
	{3, "gone", "t1 cn=ann", "linked; object xyz; leave hide", "modify t1 | abc may not: -dn"},
	{3, "gone", "t1 cn=ann", "linked; flow xyz", "modify t1 | abc may not: -dn"},
	{3, "gone", "t1 cn=ann", "linked; flow xyz; object abc", "delete t1"},
	{3, "gone", "t1 cn=ann", "linked; of tel xyz", "delete t1"},

	/* 4: new */
	{4, "s1 cn=ann", "", "", "add ann +mark +cn=ann"},
	{4, "s1 cn=ann mail=a tel=1 tel=2", "", "", "add ann +mail=a +tel=1 +tel=2 +mark +cn=ann"},
	{4, "s1 cn=ann note?=x px+=SMTP:a url+=u class?=contact", "", "",
		"add ann +note=x +px=SMTP:a +url=u +class=contact +mark +cn=ann"},
	{4, "s1 cn=ann mail= tel=1", "", "", "add ann +tel=1 +mark +cn=ann"},
	{4, "s1 cn=ann tel=1 boss=CN=Bob,OU=GAL", "", "postpones",
		"add ann +tel=1 +boss=CN=Bob,OU=GAL +mark +cn=ann | postponed"},
	{4, "s1 cn=ann", "", "name ann(1)", "add ann(1) +mark +cn=ann(1)"},
	{4, "s1 cn=ann cn=ann", "", "name ann(1)", "add ann(1) +mark +cn=ann(1)"},
	{4, "s1 cn=ann cn=ann", "", "of cn xyz", "add ann +mark +cn=ann"},
	{4, "s1 cn=ann nick=ann", "", "nick ann1",
		"add ann +nick=ann1 +mark +cn=ann | E_NICK_DUP: mailNickname: another entry has "
		"it: ann1 instead"},
	{4, "s1 cn=ann nick=ann tel=1", "", "", "add ann +nick=ann +tel=1 +mark +cn=ann"},
	{4, "s1 cn=ann mark=galway:f:s2 tel=1", "", "", "add ann +tel=1 +mark +cn=ann"},
	{4, "s1 cn=ann", "", "warn W_X text; warn W_Y more",
		"add ann +mark +cn=ann | W_X: text; W_Y: more"},
	{4, "s1 cn=ann mail=a tel=1", "", "of mail xyz",
		"add ann +tel=1 +mark +cn=ann | abc may not: mail=a"},
	{4, "s1 cn=ann mail= tel=1", "", "of mail xyz", "add ann +tel=1 +mark +cn=ann"},
	{4, "s1 cn=ann mail=a", "", "flow xyz", "modify ann | abc may not: dn=ann"},
	{4, "s1 cn=ann mail=a", "", "object xyz", "modify ann | abc may not: dn=ann"},
	{4, "s1 cn=ann mail=a", "", "flow xyz; object abc", "add ann +mail=a +mark +cn=ann"},
	{4, "s1 cn=ann mail=a", "", "of mail xyz; object abc", "add ann +mail=a +mark +cn=ann"},

	/* 5: found, and ours from now on */
	{5, "s1 cn=ann mail=a", "t1 cn=ann mail=b", "", "link t1 -mail=b +mail=a +mark"},
	{5, "s1 cn=ann mail=a", "t1 cn=ann mail=A", "", "link t1 +mark"},
	{5, "s1 cn=ann mail=a", "t1 cn=ann mail=a", "mark galway:f:s1", "link t1"},
	{5, "s1 cn=ann mail=a", "t2 cn=ann mail=a", "linked; found; mark galway:f:s1", "link t2"},
	{5, "s1 cn=ann mail=a", "t1 cn=bob mail=a", "", "link t1 >ann +mark"},
	{5, "s1 cn=ann", "t1 cn=ann hide=TRUE", "",
		"link t1 +mark | is hidden (msExchHideFromAddressLists), and stays so"},
	{5, "s1 cn=ann hide?=FALSE", "t1 cn=ann hide=TRUE", "",
		"link t1 +mark | is hidden (msExchHideFromAddressLists), and stays so"},
	{5, "s1 cn=ann hide=TRUE", "t1 cn=ann hide=TRUE", "", "link t1 +mark"},
	{5, "s1 cn=ann", "t1 cn=ann hide=TRUE", "left 50; found", "link t1 -hide=TRUE"},
	{5, "s1 cn=ann mail=a", "t1 cn=bob,OU=Old mail=b", "name bob,OU=Old",
		"link t1 -mail=b +mail=a +mark"},
	{5, "s1 cn=ann tel=", "t1 cn=ann tel=1 other=2", "", "link t1 -tel=1 +mark"},
	{5, "s1 cn=ann note?=x", "t1 cn=ann", "", "link t1 +mark"},
	{5, "s1 cn=ann px+=SMTP:a", "t1 cn=ann px=SMTP:b px=x500:c", "",
		"link t1 -px=SMTP:b +px=SMTP:a +px=smtp:b +mark"},
	{5, "s1 cn=ann mail=a", "t1 cn=ann mail=b", "of mail xyz",
		"link t1 +mark | abc may not: mail=a"},
	{5, "s1 cn=ann mail=a tel=1", "t1 cn=bob mail=b", "object xyz",
		"link t1 | abc may not: mail=a | abc may not: tel=1 | abc may not: "
		"mark=galway:f:s1 | "
		"abc may not: dn=ann"},
	{5, "s1 cn=ann mail=a", "t1 cn=ann mail=a", "mark galway:f:s1; warn W_X text",
		"link t1 | W_X: text"},

	/* 6, 7: nothing is touched */
	{6, "s1 cn=ann mail=a", "t1 cn=ann mail=b", "verdict 6 2 target entries match: a and b",
		"conflict: 2 target entries match: a and b"},
	{6, "s1 cn=ann mail=a", "", "verdict 6 several", "conflict: several"},
	{7, "s1 cn=ann mail=a", "t1 cn=ann mail=b", "verdict 7 is linked to another source object",
		"conflict: is linked to another source object"},
	{7, "s1 cn=ann mail=a", "t1 cn=ann mail=b", "linked; verdict 7 taken", "conflict: taken"},

	/* 8: deleted in the target */
	{8, "s1 cn=ann mail=a", "", LINKED,
		"add ann +mail=a +mark +cn=ann | was deleted in the target"},
	{8, "s1 cn=ann hide?=TRUE", "", "left 50",
		"add ann +hide=TRUE +mark +cn=ann | was deleted in the target"},
	{8, "s1 cn=ann mail=a", "", "left 50",
		"add ann +mail=a +mark +cn=ann | was deleted in the target"},
	{8, "s1 cn=ann mail=a", "", "linked; warn W_X text",
		"add ann +mail=a +mark +cn=ann | was deleted in the target; W_X: text"},
	{8, "s1 cn=ann mail=a", "", "linked; object xyz", "modify ann | abc may not: dn=ann"},

	/* 9: as desired */
	{9, "s1 cn=ann", "t1 cn=ann", LINKED, "none"},
	{9, "s1 cn=ann mail=a", "t1 cn=Ann mail=a note=theirs", LINKED, "none"},
	{9, "s1 cn=ann mail=a", "t1 cn=ann mail=A", LINKED, "none"},
	{9, "s1 cn=ann tel=1 tel=2", "t1 cn=ann tel=2 tel=1", LINKED, "none"},
	{9, "s1 cn=ann tel=", "t1 cn=ann", LINKED, "none"},
	{9, "s1 cn=ann note?=x", "t1 cn=ann note=y", LINKED, "none"},
	{9, "s1 cn=ann note?=x", "t1 cn=ann", LINKED, "none"},
	{9, "s1 cn=ann class=contact", "t1 cn=ann class=top class=contact", LINKED, "none"},
	{9, "s1 cn=ann cn=bob", "t1 cn=ann", LINKED, "none"},
	{9, "s1 cn=ann px+=smtp:a", "t1 cn=ann px=smtp:b px=SMTP:a", LINKED, "none"},
	{9, "s1 cn=ann url+=u url+=v", "t1 cn=ann url=v url=w url=u", LINKED, "none"},
	{9, "s1 cn=ann url+=", "t1 cn=ann url=w", LINKED, "none"},
	/* what the rules say twice is there once */
	{9, "s1 cn=ann tel=1 tel=1", "t1 cn=ann tel=1", LINKED, "none"},
	{10, "s1 cn=ann tel=2 tel=2", "t1 cn=ann tel=1", LINKED, "modify t1 -tel=1 +tel=2"},
	{9, "s1 cn=ann url+=SMTP:a", "t1 cn=ann url=SMTP:b url=SMTP:a", LINKED, "none"},
	{9, "s1 cn=ann tel=1", "t1 cn=ann tel=1", "wrote tel=2", "none"},
	{9, "s1 cn=ann tel=1", "t1 cn=ann tel=1", "linked; of tel xyz", "none"},
	{9, "s1 cn=ann tel=1", "t1 cn=ann tel=1", "linked; object xyz", "none"},
	{9, "s1 cn=ann", "t1 cn=ann", "linked; warn W_X text", "none"},
	{9, "s1 cn=ann", "t1 cn=ann", "left 50", "none"},
	{9, "s1 cn=ann boss=CN=Bob,OU=GAL", "t1 cn=ann boss=cn=bob,ou=gal", LINKED, "none"},

	/* 10: differs */
	{10, "s1 cn=ann tel=", "t1 cn=ann tel=1 tel=2", LINKED, "modify t1 -tel=1 -tel=2"},
	{10, "s1 cn=ann tel=1", "t1 cn=ann", LINKED, "modify t1 +tel=1"},
	{10, "s1 cn=ann tel=2 tel=3", "t1 cn=ann tel=1 tel=2", LINKED, "modify t1 -tel=1 +tel=3"},
	{10, "s1 cn=ann mail=a tel=1", "t1 cn=ann mail=b", LINKED,
		"modify t1 -mail=b +mail=a +tel=1"},
	/* X500 is only ever added, also where a rule says all, and by whomever */
	{10, "s1 cn=ann px=SMTP:a px=smtp:b", "t1 cn=ann px=SMTP:a px=X500:o", "wrote px=SMTP:a",
		"modify t1 +px=smtp:b"},
	{10, "s1 cn=ann px=SMTP:b", "t1 cn=ann px=X500:o", "wrote tel=1", "modify t1 +px=SMTP:b"},
	{10, "s1 cn=ann px=SMTP:b", "t1 cn=ann px=SMTP:a px=X500:o", "wrote px=SMTP:a px=X500:p",
		"modify t1 -px=SMTP:a +px=SMTP:b"},
	{10, "s1 cn=ann px=SMTP:b", "t1 cn=ann px=SMTP:a px=X500:o px=x500:p", LINKED,
		"modify t1 -px=SMTP:a +px=SMTP:b"},
	{10, "s1 cn=ann px=SMTP:a px=x500:q", "t1 cn=ann px=SMTP:a px=X500:o", LINKED,
		"modify t1 +px=x500:q"},
	{10, "s1 cn=ann px=SMTP:a px=x500:o", "t1 cn=ann px=SMTP:a px=X500:O px=X500:p", LINKED,
		"modify t1 -px=X500:O +px=x500:o"},
	{9, "s1 cn=ann px=", "t1 cn=ann px=X500:o", LINKED, "none"},
	{10, "s1 cn=ann px+=SMTP:b", "t1 cn=ann px=SMTP:a", LINKED,
		"modify t1 -px=SMTP:a +px=SMTP:b +px=smtp:a"},
	{10, "s1 cn=ann nick=ann", "t1 cn=ann nick=bob", "linked; nick ann1",
		"modify t1 -nick=bob +nick=ann1 | E_NICK_DUP: mailNickname: another entry has it: "
		"ann1 instead"},
	{10, "s1 cn=ann tel=1", "t1 cn=ann", "linked; warn W_X text",
		"modify t1 +tel=1 | W_X: text"},
	/* the marker is put back, but another's value of it is no denial: nobody's rule says it */
	{10, "s1 cn=ann", "t1 cn=ann", "linked; mark -", "modify t1 +mark"},
	{10, "s1 cn=ann", "t1 cn=ann", "linked; mark mine", "modify t1 -mark=mine +mark"},
	/* hidden, and back */
	{10, "s1 cn=ann", "t1 cn=ann hide=TRUE", "left 50", "modify t1 -hide=TRUE"},
	/* hiding it was us; what else was changed meanwhile was somebody in the target */
	{10, "s1 cn=ann tel=1", "t1 cn=ann tel=2 hide=TRUE", "wrote tel=1 hide=; left 50",
		"modify t1 -tel=2 +tel=1 -hide=TRUE | xyz may not: tel=2"},
	/* who was hidden by somebody else stays so, unless the rules say more */
	{10, "s1 cn=ann", "t1 cn=ann hide=TRUE", "left -50",
		"modify t1 | is hidden (msExchHideFromAddressLists), and stays so"},
	{9, "s1 cn=ann", "t1 cn=ann", "left -50", "none"},
	{10, "s1 cn=ann hide=", "t1 cn=ann hide=TRUE", "wrote hide=; left -50",
		"modify t1 -hide=TRUE | xyz may not: hide=TRUE"},
	{10, "s1 cn=ann hide=TRUE", "t1 cn=ann hide=FALSE", "left 50",
		"modify t1 -hide=FALSE +hide=TRUE"},
	{10, "s1 cn=ann hide?=TRUE", "t1 cn=ann hide=TRUE", "left 50", "modify t1 -hide=TRUE"},
	{9, "s1 cn=ann hide=TRUE", "t1 cn=ann hide=TRUE", "left 50", "none"},
	/* it is not ours to show it, as long as it is not; hidden or shown, the rules may say */
	{10, "s1 cn=ann", "t1 cn=ann hide=TRUE", "left 50; object xyz",
		"modify t1 | abc may not: -hide | left 200"},
	{10, "s1 cn=ann", "t1 cn=ann hide=TRUE", "left 50; of hide xyz",
		"modify t1 | abc may not: -hide | left 200"},
	{10, "s1 cn=ann hide=FALSE", "t1 cn=ann hide=TRUE", "left 50; object xyz",
		"modify t1 | abc may not: hide=FALSE"},
	{9, "s1 cn=ann", "t1 cn=ann", "left 50; object xyz", "none"},
	{9, "s1 cn=ann", "t1 cn=ann hide=TRUE", LINKED, "none"},
	{10, "s1 cn=ann hide=", "t1 cn=ann hide=TRUE", "wrote hide=; left 50",
		"modify t1 -hide=TRUE"},
	{10, "s1 cn=ann hide=", "t1 cn=ann hide=TRUE",
		"wrote hide=", "modify t1 -hide=TRUE | xyz may not: hide=TRUE"},
	/* renames and moves */
	{10, "s1 cn=bob", "t1 cn=ann", "linked", "modify t1 >bob"},
	{10, "s1 cn=bob tel=1", "t1 cn=ann", "linked", "modify t1 >bob +tel=1"},
	{10, "s1 cn=ann", "t1 cn=ann,OU=Sub,OU=GAL", "linked", "modify t1 >ann"},
	{10, "s1 cn=bob cn=bob", "t1 cn=ann", "linked", "modify t1 >bob"},
	{10, "s1 cn=ann", "t1 cn=ann", "linked; name ann(1)", "modify t1 >ann(1)"},
	{10, "s1 cn=bob", "t1 cn=ann", "linked; of dn xyz", "modify t1 | abc may not: dn=bob"},
	/* merge: what we wrote and want no more goes, others' values stay */
	{10, "s1 cn=ann url+=u", "t1 cn=ann url=u url=v url=w", "wrote url+=u url+=v",
		"modify t1 -url=v"},
	{10, "s1 cn=ann url+=", "t1 cn=ann url=u url=w", "wrote url+=u", "modify t1 -url=u"},
	{9, "s1 cn=ann url+=", "t1 cn=ann url=u", "wrote tel=u", "none"},
	{10, "s1 cn=ann px+=SMTP:b", "t1 cn=ann px=SMTP:a px=smtp:c px=X500:o",
		"wrote px+=SMTP:a px+=X500:o", "modify t1 -px=SMTP:a +px=SMTP:b"},
	{10, "s1 cn=ann px+=SMTP:b", "t1 cn=ann px=SMTP:A", "wrote px+=SMTP:a",
		"modify t1 -px=SMTP:A +px=SMTP:b"},
	/* drift: what the target's side did is put back, and told */
	/* on-denied = report: it is left alone, whatever the source says by now */
	{10, "s1 cn=ann tel=1", "t1 cn=ann tel=2", "wrote tel=1; report",
		"modify t1 | xyz may not: tel=2"},
	{10, "s1 cn=ann tel=3", "t1 cn=ann tel=2", "wrote tel=1; report",
		"modify t1 | xyz may not: tel=2"},
	{10, "s1 cn=ann tel=1", "t1 cn=ann", "wrote tel=1; report",
		"modify t1 | xyz may not: -tel"},
	{10, "s1 cn=ann tel=", "t1 cn=ann tel=2", "wrote tel=; report",
		"modify t1 | xyz may not: tel=2"},
	{10, "s1 cn=ann tel=3", "t1 cn=ann tel=1", "wrote tel=1; report",
		"modify t1 -tel=1 +tel=3"},
	{10, "s1 cn=ann tel=1 mail=b", "t1 cn=ann tel=2 mail=a", "wrote tel=1 mail=a; report",
		"modify t1 -mail=a +mail=b | xyz may not: tel=2"},
	{10, "s1 cn=ann url+=u url+=v", "t1 cn=ann", "wrote url+=u; report",
		"modify t1 | xyz may not: -url=u"},
	{10, "s1 cn=ann", "t1 cn=bob", "wrote tel=1; was ann; report",
		"modify t1 | xyz may not: dn=bob"},
	{10, "s1 cn=cid", "t1 cn=bob", "wrote tel=1; was ann; report",
		"modify t1 | xyz may not: dn=bob"},
	{10, "s1 cn=bob", "t1 cn=ann", "wrote tel=1; report", "modify t1 >bob"},
	{9, "s1 cn=ann tel=2", "t1 cn=ann tel=2", "wrote tel=1; report", "none"},
	{8, "s1 cn=ann tel=1", "", "linked; report",
		"modify t1 | xyz may not: -dn | was deleted in the target: left alone"},
	{8, "s1 cn=ann tel=1", "", "linked; report; object xyz",
		"modify ann | abc may not: dn=ann"},
	{4, "s1 cn=ann tel=1", "", "report", "add ann +tel=1 +mark +cn=ann"},
	{5, "s1 cn=ann tel=1", "t1 cn=ann tel=2", "report", "link t1 -tel=2 +tel=1 +mark"},
	{10, "s1 cn=ann tel=1", "t1 cn=ann tel=2", "wrote tel=1",
		"modify t1 -tel=2 +tel=1 | xyz may not: tel=2"},
	{10, "s1 cn=ann tel=1", "t1 cn=ann tel=2 tel=3", "wrote tel=1",
		"modify t1 -tel=2 -tel=3 +tel=1 | xyz may not: tel=2 | xyz may not: tel=3"},
	{10, "s1 cn=ann tel=1", "t1 cn=ann", "wrote tel=1", "modify t1 +tel=1 | xyz may not: -tel"},
	{10, "s1 cn=ann tel=", "t1 cn=ann tel=2",
		"wrote tel=", "modify t1 -tel=2 | xyz may not: tel=2"},
	{10, "s1 cn=ann tel=3", "t1 cn=ann tel=2", "wrote tel=1",
		"modify t1 -tel=2 +tel=3 | xyz may not: tel=2"},
	{10, "s1 cn=ann tel=3", "t1 cn=ann tel=1", "wrote tel=1", "modify t1 -tel=1 +tel=3"},
	{10, "s1 cn=ann tel=3", "t1 cn=ann", "wrote tel=", "modify t1 +tel=3"},
	{10, "s1 cn=ann tel=1", "t1 cn=ann tel=2", "wrote mail=a", "modify t1 -tel=2 +tel=1"},
	{10, "s1 cn=ann tel=1", "t1 cn=ann tel=2", "wrote tel=1; epoch", "modify t1 -tel=2 +tel=1"},
	{10, "s1 cn=ann tel=1", "t1 cn=ann tel=2", "wrote tel=1; rule", "modify t1 -tel=2 +tel=1"},
	{10, "s1 cn=ann url+=u", "t1 cn=ann url=w", "wrote url+=u",
		"modify t1 +url=u | xyz may not: -url=u"},
	{10, "s1 cn=ann url+=u", "t1 cn=ann url=w", "wrote url+=v", "modify t1 +url=u"},
	{10, "s1 cn=ann url+=u url+=v", "t1 cn=ann", "wrote url+=u",
		"modify t1 +url=u +url=v | xyz may not: -url=u"},
	{10, "s1 cn=ann url+=u url+=v", "t1 cn=ann", "wrote url+=u url+=v",
		"modify t1 +url=u +url=v | xyz may not: -url=u | xyz may not: -url=v"},
	{10, "s1 cn=ann tel=1", "t1 cn=ann tel=2", "wrote tel=1; of mail xyz",
		"modify t1 -tel=2 +tel=1 | xyz may not: tel=2"},
	{10, "s1 cn=ann", "t1 cn=bob", "wrote tel=1; was ann",
		"modify t1 >ann | xyz may not: dn=bob"},
	{10, "s1 cn=ann", "t1 cn=bob", "wrote tel=1", "modify t1 >ann"},
	/* another primary address: of the source's own ones, or because theirs took its place */
	{10, "s1 cn=ann px+=SMTP:b px+=smtp:a", "t1 cn=ann px=SMTP:a px=smtp:b",
		"wrote px+=SMTP:a px+=smtp:b",
		"modify t1 -px=SMTP:a -px=smtp:b +px=SMTP:b +px=smtp:a"},
	{10, "s1 cn=ann px+=SMTP:a", "t1 cn=ann px=smtp:a px=SMTP:x", "wrote px+=SMTP:a",
		"modify t1 -px=SMTP:x -px=smtp:a +px=SMTP:a +px=smtp:x | xyz may not: -px=SMTP:a"},
	{10, "s1 cn=ann px+=SMTP:a", "t1 cn=ann px=smtp:a", "wrote px+=SMTP:a",
		"modify t1 -px=smtp:a +px=SMTP:a"},
	/* nobody outranked it: what goes beside it is ours, and of another type */
	{10, "s1 cn=ann px+=SMTP:a", "t1 cn=ann px=smtp:a px=x:u", "wrote px+=SMTP:a px+=x:u",
		"modify t1 -px=smtp:a -px=x:u +px=SMTP:a"},
	{10, "s1 cn=ann px+=SMTP:a px+=smtp:b", "t1 cn=ann px=SMTP:a px=smtp:c",
		"wrote px+=SMTP:a px+=smtp:b px+=smtp:c",
		"modify t1 -px=smtp:c +px=smtp:b | xyz may not: -px=smtp:b"},
	{10, "s1 cn=ann px+=SMTP:a px+=smtp:b", "t1 cn=ann px=SMTP:a px=SIP:x",
		"wrote px+=SMTP:a px+=smtp:b", "modify t1 +px=smtp:b | xyz may not: -px=smtp:b"},
	/* authority: the flow's, an attribute's, an object's */
	{10, "s1 cn=ann tel=1", "t1 cn=ann tel=2", "linked; of tel xyz",
		"modify t1 | abc may not: tel=1"},
	{10, "s1 cn=ann tel=1", "t1 cn=ann tel=2", "wrote tel=1; of tel xyz",
		"modify t1 | abc may not: tel=1"},
	{10, "s1 cn=ann tel=1 mail=a", "t1 cn=ann tel=2", "linked; of tel xyz",
		"modify t1 +mail=a | abc may not: tel=1"},
	{10, "s1 cn=ann tel=", "t1 cn=ann tel=2", "linked; of tel xyz",
		"modify t1 | abc may not: -tel"},
	{10, "s1 cn=ann tel=1 tel=2", "t1 cn=ann tel=1 tel=3", "linked; of tel xyz",
		"modify t1 | abc may not: tel=2"},
	{10, "s1 cn=ann tel=1", "t1 cn=ann tel=1 tel=3", "linked; of tel xyz",
		"modify t1 | abc may not: -tel=3"},
	{10, "s1 cn=ann tel=1", "t1 cn=ann tel=1 tel=3 tel=4", "linked; of tel xyz",
		"modify t1 | abc may not: -tel=3 | abc may not: -tel=4"},
	{10, "s1 cn=ann url+=u url+=v", "t1 cn=ann url=u", "linked; of url xyz",
		"modify t1 | abc may not: url=v"},
	{10, "s1 cn=ann url+=u", "t1 cn=ann url=u url=v", "wrote url+=u url+=v; of url xyz",
		"modify t1 | abc may not: -url=v"},
	{10, "s1 cn=ann tel=1 mail=a", "t1 cn=ann", "linked; object xyz",
		"modify t1 | abc may not: tel=1 | abc may not: mail=a"},
	{10, "s1 cn=ann tel=1 mail=a", "t1 cn=ann", "linked; object abc; of tel xyz",
		"modify t1 +tel=1 +mail=a"},
	{10, "s1 cn=ann url+=", "t1 cn=ann url=u", "wrote url+=u; of url xyz",
		"modify t1 | abc may not: -url"},
	{10, "s1 cn=ann tel=1", "t1 cn=ann", "linked; flow xyz", "modify t1 | abc may not: tel=1"},
	{10, "s1 cn=ann tel=1", "t1 cn=ann", "linked; flow xyz; object abc", "modify t1 +tel=1"},
	/* SIP addresses in proxyAddresses are whose msRTCSIP-PrimaryUserAddress is */
	{4, "s1 cn=ann px+=SMTP:a px+=sip:a", "", "of sip xyz", "add ann +px=SMTP:a +mark +cn=ann"},
	{4, "s1 cn=ann px+=sip:a", "", "of sip xyz", "add ann +mark +cn=ann"},
	{4, "s1 cn=ann px+=sip:a", "", "of sip xyz; object abc", "add ann +px=sip:a +mark +cn=ann"},
	{10, "s1 cn=ann px+=SMTP:b px+=SIP:b", "t1 cn=ann px=SMTP:a px=sip:a px=SIP:c",
		"wrote px+=SMTP:a px+=sip:a; of sip xyz", "modify t1 -px=SMTP:a +px=SMTP:b"},
	{9, "s1 cn=ann px+=SMTP:a", "t1 cn=ann px=SMTP:a px=sip:a",
		"wrote px+=SMTP:a px+=sip:a; of sip xyz", "none"},
	{10, "s1 cn=ann px+=SMTP:a", "t1 cn=ann px=SMTP:a px=sip:a",
		"wrote px+=SMTP:a px+=sip:a; of sip xyz; object abc", "modify t1 -px=sip:a"},
	{9, "s1 cn=ann px+=SMTP:a px+=sip:a", "t1 cn=ann px=SMTP:a",
		"wrote px+=SMTP:a px+=sip:a; of sip xyz", "none"},
	{10, "s1 cn=ann px+=sip:a px+=SMTP:b", "t1 cn=ann", "linked; of sip xyz; of px xyz",
		"modify t1 | abc may not: px=SMTP:b | abc may not: px=sip:a"},
	{9, "s1 cn=ann url+=sip:a", "t1 cn=ann url=sip:a", "linked; of sip xyz", "none"},
	{10, "s1 cn=ann url+=sip:a", "t1 cn=ann", "linked; of sip xyz", "modify t1 +url=sip:a"},

	/* What a run wrote and could not remember is ours, where it was done */
	{10, "s1 cn=ann tel=3", "t1 cn=ann tel=2", "wrote tel=1; meant -tel=1 +tel=2",
		"modify t1 -tel=2 +tel=3"},
	{10, "s1 cn=ann tel=3", "t1 cn=ann tel=1", "wrote tel=1; meant -tel=1 +tel=2",
		"modify t1 -tel=1 +tel=3"},
	{10, "s1 cn=ann tel=3", "t1 cn=ann tel=2", "wrote tel=1; meant -tel=1 +tel=2; report",
		"modify t1 -tel=2 +tel=3"},
	{10, "s1 cn=ann tel=3", "t1 cn=ann tel=2", "wrote tel=1; meant -tel=1 +tel=2; of tel xyz",
		"modify t1 | abc may not: tel=3"},
	{10, "s1 cn=ann tel=3", "t1 cn=ann tel=9", "wrote tel=1; meant -tel=1 +tel=2",
		"modify t1 -tel=9 +tel=3 | xyz may not: tel=9"},
	{10, "s1 cn=ann tel=3", "t1 cn=ann tel=2 tel=9", "wrote tel=1; meant -tel=1 +tel=2",
		"modify t1 -tel=2 -tel=9 +tel=3 | xyz may not: tel=2 | xyz may not: tel=9"},
	{10, "s1 cn=ann tel=3", "t1 cn=ann", "wrote tel=1; meant -tel=1", "modify t1 +tel=3"},
	{10, "s1 cn=ann tel=4", "t1 cn=ann tel=3",
		"wrote tel=1; meant -tel=1 +tel=2; meant -tel=2 +tel=3", "modify t1 -tel=3 +tel=4"},
	{10, "s1 cn=ann tel=4", "t1 cn=ann tel=2",
		"wrote tel=1; meant -tel=1 +tel=2; meant -tel=2 +tel=3", "modify t1 -tel=2 +tel=4"},
	{10, "s1 cn=ann tel=4", "t1 cn=ann tel=3",
		"wrote tel=1; meant -tel=1 +tel=2; meant -tel=1 +tel=3", "modify t1 -tel=3 +tel=4"},
	{10, "s1 cn=cid", "t1 cn=bob", "wrote tel=; was ann; meant >bob", "modify t1 >cid"},
	{10, "s1 cn=cid", "t1 cn=ann", "wrote tel=; was ann; meant >bob", "modify t1 >cid"},
	{10, "s1 cn=cid", "t1 cn=dan", "wrote tel=; was ann; meant >bob",
		"modify t1 >cid | xyz may not: dn=dan"},
	{10, "s1 cn=ann url+=c", "t1 cn=ann url=b url=w", "wrote url+=a; meant -url=a +url=b",
		"modify t1 -url=b +url=c"},
	{10, "s1 cn=ann url+=c", "t1 cn=ann url=a url=w", "wrote url+=a; meant -url=a +url=b",
		"modify t1 -url=a +url=c"},
	{10, "s1 cn=ann url+=a", "t1 cn=ann url=w", "wrote url+=a; meant -url=a",
		"modify t1 +url=a"},
	{9, "s1 cn=ann px+=SMTP:a", "t1 cn=ann px=SMTP:a px=smtp:g",
		"wrote px+=SMTP:a; meant -px=SMTP:g +px=SMTP:a +px=smtp:g -px=smtp:a", "none"},
	{10, "s1 cn=ann px+=SMTP:b", "t1 cn=ann px=SMTP:c",
		"wrote px+=SMTP:a px+=smtp:b; meant -px=SMTP:a -px=smtp:b +px=SMTP:c",
		"modify t1 -px=SMTP:c +px=SMTP:b"},
	{5, "s1 cn=ann url+=c", "t1 cn=ann url=b", "found; mark galway:f:s1; meant add",
		"link t1 -url=b +url=c"},
	{5, "s1 cn=ann tel=3", "t1 cn=ann tel=2", "wrote tel=1; found; mark galway:f:s1; meant add",
		"link t1 -tel=2 +tel=3"},
	{5, "s1 cn=ann url+=c", "t1 cn=ann url=b url=w", "mark galway:f:s1; meant +url=b",
		"link t1 -url=b +url=c"},
	{8, "s1 cn=ann mail=a", "", "linked; meant delete", "add ann +mail=a +mark +cn=ann"},
	{8, "s1 cn=ann mail=a", "", "linked; meant delete; report",
		"add ann +mail=a +mark +cn=ann"},
	{10, "s1 cn=ann", "t1 cn=ann hide=TRUE", "linked; meant +hide=TRUE",
		"modify t1 -hide=TRUE"},
	{9, "s1 cn=ann", "t1 cn=ann hide=TRUE", "linked; meant +hide=TRUE +tel=1", "none"},
	{3, "gone", "t1 cn=ann hide=TRUE", "linked; leave hide; meant +hide=TRUE",
		"none | left 150"},

	/* 11: the target keeps what it has */
	{11, "fails E_X: text", "", "", "conflict: E_X: text"},
	{11, "fails E_X: text", "t1 cn=ann tel=1", LINKED, "conflict: E_X: text"},
	{11, "fails E_X: text", "t1 cn=ann tel=1", "linked; leave hide", "conflict: E_X: text"},
	{11, "fails E_X: text", "t1 cn=ann", "verdict 6 several", "conflict: E_X: text"},
	{11, "fails E_X: text", "t1 cn=ann", "known", "conflict: E_X: text"},
	/* whose the source says that it is is remembered, for when it is gone */
	{11, "fails E_X: text", "t1 cn=ann", "known; flag xyz", "conflict: E_X: text | flag 2"},
	{11, "fails E_X: text", "t1 cn=ann", "flagged xyz; known; flag xyz", "conflict: E_X: text"},
	{6, "gone", "t1 cn=ann", "flagged xyz; verdict 6 several", "conflict: several | flag 2"},
	/* what reaches a contact goes only if the rules say so */
	{11, "s1 cn=ann mail=", "t1 cn=ann mail=a", LINKED, WIPES("mail")},
	{11, "s1 cn=ann mail=", "t1 cn=ann mail=a", "", WIPES("mail")},
	{11, "s1 cn=ann tel=1 targetAddress=", "t1 cn=ann targetAddress=SMTP:a", LINKED,
		WIPES("targetAddress")},
	{11, "s1 cn=ann px=", "t1 cn=ann px=SMTP:a px=smtp:b", LINKED, WIPES("proxyAddresses")},
	{11, "s1 cn=ann px+=", "t1 cn=ann px=SMTP:a", "wrote px+=SMTP:a", WIPES("proxyAddresses")},
	/* X500 reaches nobody */
	{11, "s1 cn=ann px=", "t1 cn=ann px=SMTP:a px=X500:o", LINKED, WIPES("proxyAddresses")},
	{11, "s1 cn=ann px=X500:o", "t1 cn=ann px=SMTP:a", LINKED, WIPES("proxyAddresses")},
	{11, "s1 cn=ann px+=X500:o", "t1 cn=ann px=SMTP:a", "wrote px+=SMTP:a",
		WIPES("proxyAddresses")},
	{10, "s1 cn=ann mail!=", "t1 cn=ann mail=a", LINKED, "modify t1 -mail=a"},
	{10, "s1 cn=ann mail=b", "t1 cn=ann mail=a", LINKED, "modify t1 -mail=a +mail=b"},
	{10, "s1 cn=ann px+=", "t1 cn=ann px=SMTP:a px=smtp:b", "wrote px+=smtp:b",
		"modify t1 -px=smtp:b"},
	{10, "s1 cn=ann mail=", "t1 cn=ann mail=a", "linked; of mail xyz",
		"modify t1 | abc may not: -mail"},
	{11, "s1 cn=ann tel=1", "t1 cn=ann", "linked; verdict 11 E_PROXY_DUP: a is held by b",
		"conflict: E_PROXY_DUP: a is held by b"},
};

static bool check(struct arena *mem, const struct plan_case *c, const struct step *s)
{
	bool good = same_text(which(mem, c), print_step(mem, s), c->plan);

	if (s->number != c->number) {
		print_error("%s: is case %u\n", which(mem, c), s->number);
		good = false;
	}
	return good;
}

/* A conflict touches nothing: of a link only the name that the source has now is noted,
 * and its flag. */
static void check_conflict(const struct made *m, const struct step *s)
{
	const struct link *before = m->row.link;

	const int flag = m->open.presence == GONE || before == NULL
				 ? s->link.flag
				 : authority_flag_number(&m->flow, m->open.flag);
	assert_int_equal(s->remember,
		before != NULL && (before->name != m->open.name_key || before->flag != flag));
	if (!s->remember)
		return;
	assert_int_equal(s->link.name, m->open.name_key);
	assert_true(value_same(s->link.source, before->source));
	assert_true(value_same(s->link.target, before->target));
	assert_int_equal(s->link.source_digest, before->source_digest);
	assert_int_equal(s->link.target_digest, before->target_digest);
	assert_int_equal(s->link.left, before->left);
	assert_true(value_same(s->link.written, before->written));
}

/* What is remembered, if anything is: these two, and what tells the next run that nothing changed.
 */
static void check_link(const struct made *m, const struct step *s)
{
	if (s->op == STEP_CONFLICT)
		check_conflict(m, s);
	if (s->op == STEP_CONFLICT || !s->remember)
		return;
	assert_true(value_same(s->link.source, value_of("s1")));
	if (s->op == STEP_ADD)
		assert_int_equal(s->link.target.len, 0);
	else
		assert_true(value_same(s->link.target, m->current.id));
	/* Who left, or is hidden because he did, is looked at in every run. */
	assert_int_equal(s->link.source_digest, s->number == 3 || s->link.left != 0 ? 0 : 77);
	assert_int_equal(s->link.name, s->number == 3 ? 79 : 78);
	assert_true(s->number == 3 || s->link.written.len > 0);
}

static void test_plan(void **state)
{
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct arena *mem = arena_new();
		struct made m;
		struct step s;
		make(mem, &cases[i], &m);
		plan_row(mem, &m.flow, &m.row, &s);
		wrong += !check(mem, &cases[i], &s);
		check_link(&m, &s);
		arena_free(mem);
	}
	assert_int_equal(wrong, 0);
}

/* What is planned passes the last gate. */
static void test_gate(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct arena *mem = arena_new();
		struct err err;
		struct made m;
		struct step s;
		make(mem, &cases[i], &m);
		plan_row(mem, &m.flow, &m.row, &s);
		if (s.write && gate_check(mem, &m.flow, m.row.side, &s, &err) < 0)
			fail_msg("%s: %s", which(mem, &cases[i]), err.text);
		arena_free(mem);
	}
}

/* A step that was done leaves nothing to do, nothing to remember, and no drift. */
static void test_twice(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct arena *mem = arena_new();
		struct made m;
		struct step s, again;
		make(mem, &cases[i], &m);
		plan_row(mem, &m.flow, &m.row, &s);
		/* References that come later are not remembered yet. */
		if (s.remember && s.number != 3 && s.op != STEP_CONFLICT && !s.refers_new) {
			if (s.op == STEP_ADD)
				m.current = (struct entry){.id = value_of("t9")};
			if (s.write)
				change_apply(mem, &m.current, &s.change);
			m.link = s.link;
			if (s.op == STEP_ADD)
				m.link.target = m.current.id;
			m.row.link = &m.link;
			m.row.current = m.row.was = &m.current;
			m.verdict.adopt = false;
			assert_int_equal(m.link.target_digest, target_digest(&m.flow, &m.current));
			plan_row(mem, &m.flow, &m.row, &again);
			if (again.write || (again.n_denied == 0 && step_counts(&again, &m.link)))
				fail_msg("%s: then %s", which(mem, &cases[i]),
					print_step(mem, &again));
			/* What is only told is told again. */
			bool told = m.flow.on_denied == DENIED_REPORT;
			if (told)
				assert_int_equal(again.n_denied, s.n_denied);
			for (unsigned k = 0; k < again.n_denied && !told; k++)
				assert_string_equal(again.denied[k].side, "abc");
		}
		arena_free(mem);
	}
}

/* What belongs to the other side is not remembered, and so is no drift when it is ours again. */
static void test_other_side(void **state)
{
	static const struct plan_case c = {
		9, "s1 cn=ann tel=1", "t1 cn=ann tel=1", "wrote tel=1; of tel xyz", "none"};
	struct arena *mem = arena_new();
	struct made m;
	struct step s, again;

	(void)state;
	make(mem, &c, &m);
	plan_row(mem, &m.flow, &m.row, &s);
	m.link = s.link;
	m.flow.n_authority = 0;
	m.current = entry_of(mem, "t1 cn=ann tel=2 mark=galway:f:s1");
	plan_row(mem, &m.flow, &m.row, &again);
	assert_string_equal(print_step(mem, &again), "modify t1 -tel=2 +tel=1");
	arena_free(mem);
}

/* Of the values of a merge attribute, which are ours from now on: those that nobody else had put
 * there before. */
static const struct {
	const char *source, *target, *with, *ours;
} ours_cases[] = {
	{"s1 cn=ann url+=u url+=v tel=u", "", "", "u v"},
	{"s1 cn=ann url+=u url+=v tel=u", "t1 cn=ann", "", "u v"},
	{"s1 cn=ann url+=u url+=v tel=u", "t1 cn=ann url=u url=w", "", "v"},
	{"s1 cn=ann url+=u url+=v tel=u", "t1 cn=ann url=u url=w", "wrote url+=u", "u v"},
	/* one was taken away, and that is only told: the new one was not written either */
	{"s1 cn=ann url+=u url+=v tel=u", "t1 cn=ann url=w", "wrote url+=u; report", "u"},
	{"s1 cn=ann url+=u url+=v tel=u", "t1 cn=ann url=u url=v", "wrote url+=u", "u"},
	{"s1 cn=ann url+=u url+=v tel=u", "t1 cn=ann url=u url=v", "wrote tel=u", ""},
	{"s1 cn=ann url+=u url+=v tel=u", "t1 cn=ann url=u url=v", "wrote tel=u; mark -", ""},
	/* nor what a run that could not remember it took away from there: it comes back as theirs
	 */
	{"s1 cn=ann url+=u url+=v tel=u", "t1 cn=ann url=w", "wrote tel=u; meant -url=u", "v"},
	/* under our marker all was ours, when no link tells */
	{"s1 cn=ann url+=u url+=v tel=u", "t1 cn=ann url=u", "mark galway:f:s1", "u v"},
	{"s1 cn=ann url+=u url+=v tel=u", "t1 cn=ann url=u", LINKED, "u v"},
	{"s1 cn=ann url+=u url+=v tel=u", "t1 cn=ann url=u", "linked; mark -", "v"},
	/* what the other side may say now: ours again when it was before */
	{"s1 cn=ann url+=u tel=u", "t1 cn=ann url=u url=v", "wrote url+=u; of url xyz", "u"},
	{"s1 cn=ann url+=w tel=u", "t1 cn=ann url=u url=v", "wrote url+=u; of url xyz", "u"},
	{"s1 cn=ann url+=u tel=u", "t1 cn=ann url=v", "wrote url+=u; of url xyz", ""},
	/* and what no rule asks for in this run */
	{"s1 cn=ann tel=u", "t1 cn=ann url=u url=v", "wrote url+=u", "u"},
	/* a SIP address, w, too */
	{"s1 cn=ann px+=sip:w url+=u tel=u", "", "of sip xyz", "u"},
	{"s1 cn=ann px+=sip:w url+=u tel=u", "t1 cn=ann", "linked; of sip xyz", "u"},
	{"s1 cn=ann px+=sip:w url+=u tel=u", "t1 cn=ann", "linked", "u w"},
	{"s1 cn=ann px+=sip:x url+=u tel=u", "t1 cn=ann px=sip:w", "wrote px+=sip:w; of sip xyz",
		"u w"},
	{"s1 cn=ann px+=sip:w url+=u tel=u", "t1 cn=ann px=sip:w", "wrote tel=u; of sip xyz", "u"},
};

static void test_ours(void **state)
{
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(ours_cases) / sizeof(ours_cases[0]); i++) {
		const struct plan_case c = {
			0, ours_cases[i].source, ours_cases[i].target, ours_cases[i].with, ""};
		struct arena *mem = arena_new();
		const char *text = "";
		struct made m;
		struct step s;
		struct value other = value_of("other");
		const struct attr tel = {attr_of("tel"), 1, &other};
		make(mem, &c, &m);
		plan_row(mem, &m.flow, &m.row, &s);
		const struct written w = {m.open.desired.rule, m.flow.epoch, s.link.written, NULL};
		for (const char *v = "uvw"; *v != '\0'; v++) {
			const struct value one = {v, 1},
					   sip = value_of(arena_printf(mem, "sip:%c", *v));
			if (written_value(&w, attr_of("url"), one) ||
				written_value(&w, attr_of("px"), sip))
				text = arena_printf(
					mem, "%s%s%c", text, text[0] != '\0' ? " " : "", *v);
		}
		/* Other attributes are ours as a whole. */
		assert_false(written_left(&w, tel.id, &tel));
		wrong += !same_text(which(mem, &c), text, ours_cases[i].ours);
		arena_free(mem);
	}
	assert_int_equal(wrong, 0);
}

/* The connector's digest of the target entry is remembered, but not when the entry is to change. */
static void test_digest(void **state)
{
	static const struct plan_case same = {9, "s1 cn=ann", "t1 cn=ann", LINKED, "none"},
				      differs = {10, "s1 cn=ann tel=1", "t1 cn=ann", LINKED, ""};
	struct arena *mem = arena_new();
	struct made m;
	struct step s;

	(void)state;
	make(mem, &same, &m);
	m.current.digest = 5;
	assert_int_equal(target_digest(&m.flow, &m.current), 5);
	plan_row(mem, &m.flow, &m.row, &s);
	assert_int_equal(s.link.target_digest, 5);
	make(mem, &differs, &m);
	m.current.digest = 5;
	plan_row(mem, &m.flow, &m.row, &s);
	assert_true(s.link.target_digest != 5 && s.link.target_digest != 0);
	/* Without one: over what is written, and the name. */
	m.current.digest = 0;
	uint64_t before = target_digest(&m.flow, &m.current);
	entry_add(mem, &m.current, attr_of("other"), value_of("x"));
	assert_true(target_digest(&m.flow, &m.current) == before);
	entry_add(mem, &m.current, attr_of("mail"), value_of("x"));
	assert_true(target_digest(&m.flow, &m.current) != before);
	before = target_digest(&m.flow, &m.current);
	m.current.name = full_name(mem, "bob");
	assert_true(target_digest(&m.flow, &m.current) != before);
	arena_free(mem);
}

/* As bytes and back; bytes that end early are no step. */
static void test_pack(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct arena *mem = arena_new();
		struct buf b = {0};
		struct made m;
		struct step s, back;
		make(mem, &cases[i], &m);
		plan_row(mem, &m.flow, &m.row, &s);
		step_pack(&b, &s);
		assert_int_equal(step_unpack(mem, (struct value){b.data, b.len}, &back), 0);
		assert_string_equal(print_step(mem, &back), print_step(mem, &s));
		assert_int_equal(back.number, s.number);
		assert_true(value_same(back.source_id, s.source_id));
		assert_true(value_same(back.source_name, s.source_name));
		assert_int_equal(back.remember, s.remember);
		if (s.remember)
			assert_false(!value_same(back.link.written, s.link.written) ||
				     !value_same(back.link.undone, s.link.undone) ||
				     back.link.source_digest != s.link.source_digest ||
				     back.link.target_digest != s.link.target_digest ||
				     back.link.name != s.link.name);
		for (size_t len = 0; len < b.len; len++) {
			char *cut = malloc(len + 1);
			memcpy(cut, b.data, len);
			assert_int_equal(step_unpack(mem, (struct value){cut, len}, &back), -1);
			free(cut);
		}
		buf_free(&b);
		arena_free(mem);
	}
}

/* An entry of which nothing came but its name. */
static void test_bare(void **state)
{
	static const struct plan_case c = {5, "s1 cn=ann tel=1", "t1 cn=ann", "", ""};
	struct arena *mem = arena_new();
	struct made m;
	struct step s;

	(void)state;
	make(mem, &c, &m);
	m.current.n = 0;
	plan_row(mem, &m.flow, &m.row, &s);
	assert_string_equal(print_step(mem, &s), "link t1 +tel=1 +mark");
	arena_free(mem);
}

/* Whose an object is by the directories' flags: the source's, or what it said before it was gone,
 * and the target's. */
static void test_flag(void **state)
{
	struct authority_flag flags[] = {
		{.source = false, .attr = attr_of("note"), .value = {"xyz", 3}, .side = "xyz"}};
	struct arena *mem = arena_new();
	struct flow f = flow_of(mem);
	struct open_row row = {.presence = PRESENT, .flag = "abc"}, gone = {.presence = GONE};
	struct entry theirs = entry_of(mem, "t1 cn=ann note=xyz");
	struct link link = {.flag = 2};

	(void)state;
	f.n_flags = 1;
	f.flags = flags;
	assert_string_equal(plan_flag(&f, &row, &link, NULL), "abc");
	assert_string_equal(plan_flag(&f, &row, NULL, NULL), "abc");
	assert_string_equal(plan_flag(&f, &row, &link, &theirs), "xyz");
	assert_string_equal(plan_flag(&f, &gone, &link, NULL), "xyz");
	assert_null(plan_flag(&f, &gone, NULL, NULL));
	assert_string_equal(plan_flag(&f, &gone, NULL, &theirs), "xyz");
	arena_free(mem);
}

static void test_verdict_pack(void **state)
{
	struct arena *mem = arena_new();
	struct reference refs[] = {{1, true, 5}, {2, false, 6}};
	const struct verdict v = {.number = 7,
		.adopt = true,
		.has_current = true,
		.current = 9,
		.name = value_of("n"),
		.nickname = value_of("i"),
		.message = value_of("m"),
		.n_refs = 2,
		.refs = refs};
	struct verdict back;
	struct buf b = {0};

	(void)state;
	verdict_pack(&b, &v);
	assert_int_equal(verdict_unpack(mem, (struct value){b.data, b.len}, &back), 0);
	assert_int_equal(back.number, 7);
	assert_true(back.adopt && back.has_current && back.current == 9 && back.n_refs == 2);
	assert_true(value_same(back.name, v.name) && value_same(back.nickname, v.nickname) &&
		    value_same(back.message, v.message));
	assert_memory_equal(back.refs, refs, sizeof(refs));
	for (size_t len = 0; len < b.len; len++)
		assert_int_equal(verdict_unpack(mem, (struct value){b.data, len}, &back), -1);
	buf_free(&b);
	arena_free(mem);
}

/* A directory gives values in any order, and what else somebody wrote there is no marker. */
static void test_mark(void **state)
{
	const struct value texts[] = {value_of("a text of somebody"), value_of("galway:f:s2"),
		value_of("galway:f:s1"), value_of("z")};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct arena *mem = arena_new();
		const struct flow f = flow_of(mem);
		const struct value given[] = {
			texts[i], texts[(i + 1) % 4], texts[(i + 2) % 4], texts[(i + 3) % 4]};
		struct entry e = {.n = 0};
		assert_int_equal(plan_mark(&f, &e).len, 0);
		entry_put(mem, &e, f.marker, given, 4);
		assert_true(value_same(plan_mark(&f, &e), texts[2]));
		arena_free(mem);
	}
}

/* Ours by the prefix, and by more than that. */
static void test_marked(void **state)
{
	static const struct {
		const char *marker;
		bool ours;
	} of[] = {{"galway:f:s1", true}, {"galway:f:", false}, {"galway:g:s1", false},
		{"galway", false}, {"somebody's own text", false}, {NULL, false}};

	(void)state;
	for (size_t i = 0; i < sizeof(of) / sizeof(of[0]); i++) {
		struct arena *mem = arena_new();
		const struct flow f = flow_of(mem);
		struct entry e = {.n = 0};
		if (of[i].marker != NULL)
			entry_add(mem, &e, f.marker, value_of(of[i].marker));
		assert_int_equal(plan_marked(&f, &e), of[i].ours);
		arena_free(mem);
	}
}

static void test_counts(void **state)
{
	const struct link before = {.source_digest = 1,
		.target_digest = 2,
		.name = 3,
		.left = 4,
		.written = value_of("w")};
	struct step s = {.op = STEP_NONE, .link = before};

	(void)state;
	assert_false(step_counts(&s, &before));
	assert_false(step_shows(&s));
	s.link.name++;
	assert_false(step_counts(&s, &before));
	s.link = before;
	s.remember = true;
	assert_false(step_counts(&s, &before));
	assert_true(step_counts(&s, NULL));
	s.link.source_digest++;
	assert_true(step_counts(&s, &before));
	s.link = before;
	s.link.target_digest++;
	assert_true(step_counts(&s, &before));
	s.link = before;
	s.link.name++;
	assert_true(step_counts(&s, &before));
	s.link = before;
	s.link.left++;
	assert_true(step_counts(&s, &before));
	s.link = before;
	s.link.written = value_of("x");
	assert_true(step_counts(&s, &before));
	s.link = before;
	s.link.undone = value_of("x");
	assert_true(step_counts(&s, &before));
	s.link = before;
	s.link.flag++;
	assert_true(step_counts(&s, &before));
	s = (struct step){.op = STEP_CONFLICT};
	assert_true(step_counts(&s, &before) && step_shows(&s));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plan),
		cmocka_unit_test(test_gate),
		cmocka_unit_test(test_twice),
		cmocka_unit_test(test_other_side),
		cmocka_unit_test(test_ours),
		cmocka_unit_test(test_digest),
		cmocka_unit_test(test_pack),
		cmocka_unit_test(test_bare),
		cmocka_unit_test(test_flag),
		cmocka_unit_test(test_verdict_pack),
		cmocka_unit_test(test_mark),
		cmocka_unit_test(test_marked),
		cmocka_unit_test(test_counts),
	};

	return cmocka_run_group_tests(tests, NULL, remove_folder);
}
