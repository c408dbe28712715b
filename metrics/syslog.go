package metrics

var syslogRows = [...]Metric{
	{Name: "baseinit_syslog_received_total", Type: Counter, Help: "Messages that came in over /dev/log and the other sockets."},
	{Name: "baseinit_syslog_written_total", Type: Counter, Help: "Messages of which all lines were written."},
	{Name: "baseinit_syslog_dropped_total", Type: Counter, Help: "Messages that were lost: for want of room, or as they could not be written."},
	{Name: "baseinit_syslog_filtered_total", Type: Counter, Help: "Messages that the filter left out."},
	{Name: "baseinit_syslog_suppressed_total", Type: Counter, Help: "Messages that the rate limit left out."},
	{Name: "baseinit_syslog_cut_total", Type: Counter, Help: "Messages that were longer than is kept of one."},
	{Name: "baseinit_syslog_queue_messages", Type: Gauge, Help: "Messages that wait to be written."},
}

func syslogSamples(s *Sources) [][]Sample {
	n := s.Syslog()
	return numbers(n.Received, n.Written, n.Dropped, n.Filtered, n.Suppressed, n.Cut, n.Waiting)
}

var forwardRows = [...]Metric{
	{Name: "baseinit_syslog_forward_sent_total", Type: Counter, Help: "Messages that were sent to the syslog server."},
	{Name: "baseinit_syslog_forward_dropped_total", Type: Counter, Help: "Messages that the server will not get: for want of room."},
	{Name: "baseinit_syslog_forward_cut_total", Type: Counter, Help: "Messages that were shortened to fit into a datagram."},
	{Name: "baseinit_syslog_forward_queue_messages", Type: Gauge, Help: "Messages that wait for the server."},
	{Name: "baseinit_syslog_forward_connections_total", Type: Counter, Help: "Connections that were made to the server."},
	{Name: "baseinit_syslog_forward_failures_total", Type: Counter, Help: "Attempts to connect that failed, and connections that broke."},
}

func forwardSamples(s *Sources) [][]Sample {
	n := s.Forward()
	return numbers(n.Sent, n.Dropped, n.Cut, n.Waiting, n.Connections, n.Failures)
}
