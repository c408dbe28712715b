package dnstest

import (
	"encoding/binary"
	"io"
	"net"
	"sync"
)

// serveConn answers the questions of a connection, late ones after those that came
// later: RFC 7766 6.2.1.1.
func (s *Server) serveConn(conn net.Conn) {
	defer func() {
		_ = conn.Close()
		s.mu.Lock()
		delete(s.conns, conn)
		s.mu.Unlock()
	}()
	from := conn.RemoteAddr().(*net.TCPAddr).AddrPort()
	var writing sync.Mutex
	for {
		message, err := readMessage(conn)
		if err != nil {
			return
		}
		s.handle(message, Query{From: from}, func(reply []byte) {
			writing.Lock()
			defer writing.Unlock()
			_, _ = conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(reply))), reply...))
		})
	}
}

// readMessage reads a message with its length before it: RFC 1035 4.2.2.
func readMessage(conn net.Conn) ([]byte, error) {
	var length [2]byte
	if _, err := io.ReadFull(conn, length[:]); err != nil {
		return nil, err
	}
	message := make([]byte, binary.BigEndian.Uint16(length[:]))
	_, err := io.ReadFull(conn, message)
	return message, err
}
