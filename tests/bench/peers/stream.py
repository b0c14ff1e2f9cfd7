"""Reading with python-ldap: one result at a time, in pages, so that nobody holds them all."""
import ldap
from ldap.controls import SimplePagedResultsControl


def connect(url):
    link = ldap.initialize(url)
    link.set_option(ldap.OPT_REFERRALS, 0)
    link.simple_bind_s("", "")
    return link


def entries(link, base, filter, attributes, size=1000):
    """(name, {attribute: [bytes]}) of everything below the base that the filter matches."""
    paging = SimplePagedResultsControl(True, size=size, cookie="")
    while True:
        message = link.search_ext(base, ldap.SCOPE_SUBTREE, filter, attributes, serverctrls=[paging])
        while True:
            kind, data, _, controls = link.result3(message, all=0)
            if kind == ldap.RES_SEARCH_RESULT:
                break
            yield from data
        paging.cookie = next(c.cookie for c in controls if c.controlType == paging.controlType)
        if not paging.cookie:
            return
