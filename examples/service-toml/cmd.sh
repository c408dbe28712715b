#!/bin/sh
# CMD: breaks the web server, and ends when it is back and something was swept.
echo "CMD: the web server is ready"
rm "$STATE/alive"
until [ -e "$STATE/alive" ]; do sleep 0.05; done
sleep 1.5
echo "CMD: done"
exit 7
