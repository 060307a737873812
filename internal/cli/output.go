// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"io"
	"os"

	"golang.org/x/term"

	"github.com/rerig/rerig/internal/cluster/istio"
	"github.com/rerig/rerig/internal/command"
	"github.com/rerig/rerig/internal/report"
	"github.com/rerig/rerig/internal/report/format"
)

// Streams are where a command reads and writes.
type Streams struct {
	In  io.Reader
	Out io.Writer
	Err io.Writer
}

// outputFormat is how results are written.
type outputFormat string

const (
	outputText outputFormat = "text"
	outputJSON outputFormat = "json"
)

// terminal returns the file behind a stream if it is a terminal.
func terminal(stream any) (*os.File, bool) {
	f, ok := stream.(*os.File)
	return f, ok && term.IsTerminal(int(f.Fd()))
}

// terminalSize returns a terminal's size, 0 if it is unknown.
func terminalSize(f *os.File) (columns, rows int) {
	columns, rows, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0, 0
	}
	return columns, rows
}

// style returns the style of the command's output.
func (a *app) style() format.Style {
	f, ok := terminal(a.Out)
	if !ok {
		return format.Style{Details: a.details, Commands: a.commands()}
	}
	columns, _ := terminalSize(f)
	return format.Style{Color: a.color(), Width: columns, Details: a.details, Commands: a.commands()}
}

// color reports whether a terminal gets colors: not with --no-color, NO_COLOR or
// TERM=dumb.
func (a *app) color() bool {
	return !a.noColor && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

// show writes a plan: as text, or as the first object of a run's events.
func (a *app) show(p report.Proposal) error {
	if a.output == outputJSON {
		return a.jsonLine(p.Object())
	}
	_, err := fmt.Fprint(a.Out, p.Text(a.style()))
	return err
}

// json writes an indented JSON object.
func (a *app) json(v any) error {
	return a.printed(report.JSON(v, a.commands()))
}

// jsonLine writes a JSON object on one line, as the events of a run are.
func (a *app) jsonLine(v any) error {
	return a.printed(report.JSONLine(v, a.commands()))
}

// printed writes a text unless it could not be made.
func (a *app) printed(text string, err error) error {
	if err == nil {
		_, err = fmt.Fprint(a.Out, text)
	}
	return err
}

// print writes a text whose commands work as printed.
func (a *app) print(format string, arguments ...any) error {
	return a.printed(a.commands().Complete(fmt.Sprintf(format, arguments...)), nil)
}

// commands returns what the commands in messages need to work as printed.
func (a *app) commands() command.Flags {
	f := command.Flags{Kubeconfig: a.kubeconfig, Context: a.context, IstioNamespace: a.root}
	if a.root == istio.DefaultRoot {
		f.IstioNamespace = ""
	}
	return f
}

// tell writes a message to standard error.
func (a *app) tell(format string, arguments ...any) {
	fmt.Fprintln(a.Err, "rerig: "+a.commands().Complete(fmt.Sprintf(format, arguments...)))
}
