# Logs with Sys::Syslog, then reads stdin to its end.
use strict;
use warnings;
use Sys::Syslog qw(:standard :macros);

$| = 1;
print "$$\n";

syslog("notice", "unopened");
openlog("perlapp", "pid,ndelay", "local1");
syslog("info", "hello %s", "world");
syslog(LOG_ERR | LOG_MAIL, "two\nlines");
syslog("debug", "");
closelog();

openlog("no pid", "", "user");
syslog("warning", "blank in ident");
closelog();
openlog("perllong", "", "user");
syslog(LOG_CRIT, "%s", "a" x 3000);
closelog();

for my $mechanism ("native", "unix") {
    Sys::Syslog::setlogsock($mechanism) or die "$mechanism: $!";
    openlog("perl$mechanism", "pid", "daemon");
    syslog("notice", "by $mechanism");
    closelog();
}

1 while <STDIN>;
