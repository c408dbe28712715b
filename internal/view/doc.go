// Package view draws what the control socket tells: the boot as a chart for a terminal or
// as SVG, what services depend on, the processes by service, a table of what runs. Its
// functions compute text from the objects of package api, and nothing else.
package view
