// Package monitor is what a monitoring system may ask over TCP, if it is asked for by name:
// metrics, and whether the container lives and is ready. It is no way to steer anything.
//
// What surprises: a container that is told to stop is not ready from that moment on, while its
// services still answer, so that load balancers take it out before they are gone.
package monitor
