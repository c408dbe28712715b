"""Logs with both of Python's ways to syslog, then reads stdin to its end."""
import logging
import logging.handlers
import os
import sys
import syslog

print(os.getpid(), flush=True)

handler = logging.handlers.SysLogHandler("/dev/log")
log = logging.getLogger("app")
log.addHandler(handler)
log.setLevel(logging.DEBUG)
for level in logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR, logging.CRITICAL:
    log.log(level, "level %s", logging.getLevelName(level))
log.warning("two\nlines")

handler.ident = "myapp: "
log.info("ident \u20ac")
handler.append_nul = False
log.info("no NUL")
handler.ident = "myapp[98765]: "
log.info("another's PID")
try:
    1 / 0
except ZeroDivisionError:
    log.exception("trace")

handler.ident = ""
handler.setFormatter(logging.Formatter("2026-11-23 21:31:14,161 %(name)s[98765]: %(levelname)s %(message)s"))
log.info("asctime")
handler.setFormatter(logging.Formatter('{"name": "%(name)s", "msg": "%(message)s"}'))
log.info("json")
handler.setFormatter(None)
log.addHandler(logging.handlers.SysLogHandler("/dev/log", facility="local6"))
log.info("twice")

syslog.syslog("unopened")
syslog.openlog("pyident", syslog.LOG_PID, syslog.LOG_MAIL)
syslog.syslog(syslog.LOG_ERR, "opened\nnewline")
syslog.syslog(syslog.LOG_LOCAL3 | syslog.LOG_DEBUG, "\u00fc")

sys.stdin.read()
