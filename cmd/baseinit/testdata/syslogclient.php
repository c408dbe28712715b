<?php
// Logs with syslog() and error_log(), then reads stdin to its end.

echo getmypid(), "\n";

syslog(LOG_NOTICE, "unopened");
openlog("phpapp", LOG_PID, LOG_LOCAL1);
syslog(LOG_WARNING, "hello");
syslog(LOG_INFO, "two\nlines\n");
syslog(LOG_ERR, str_repeat("y", 20000));
syslog(LOG_ERR, "");
syslog(LOG_ERR, "bytes \0 \xff \x1b[31m ü");
closelog();

ini_set("error_log", "syslog");
error_log("by error_log");
foreach (["all", "raw"] as $filter) {
	ini_set("syslog.filter", $filter);
	syslog(LOG_ERR, "$filter\n\xff");
}

stream_get_contents(STDIN);
