#!/bin/sh
# What the container is there for: when it ends, all ends, with its exit code.
echo "CMD: working"
sleep 3.5
echo "CMD: done"
exit 7
