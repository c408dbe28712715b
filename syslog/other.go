//go:build !linux

package syslog

import (
	"context"
	"errors"
	"fmt"
)

var errLive = errors.New("another program listens there")

func lengthenQueues() {}

func (s *SyslogSink) bind(a address) error {
	return fmt.Errorf("cannot listen on %s: %w", a, errors.ErrUnsupported)
}

func (s *SyslogSink) watch(ctx context.Context) { <-ctx.Done() }
