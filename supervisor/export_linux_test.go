package supervisor

// WithoutPidfd makes a Supervisor wait for processes as on a kernel without
// pidfd_open(2).
func WithoutPidfd(s *Supervisor) {
	s.start = func(j *job) (instance, error) {
		started, err := s.startJob(j)
		if c, ok := started.(*child); ok {
			_ = c.pidfd.Close()
			c.pidfd = nil
		}
		return started, err
	}
}

// SenderKnown judges the control messages that came with a notification.
var SenderKnown = senderKnown
