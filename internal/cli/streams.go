// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"io"
	"os"

	"golang.org/x/term"

	"github.com/rerig/rerig/internal/report/format"
)

// Streams are where a command reads and writes.
type Streams struct {
	In  io.Reader
	Out io.Writer
	Err io.Writer
}

// terminal returns the file behind a stream when it is a terminal.
func terminal(stream any) (*os.File, bool) {
	f, ok := stream.(*os.File)
	return f, ok && term.IsTerminal(int(f.Fd()))
}

// size is a terminal's, 0 when it cannot be told.
func size(f *os.File) (columns, rows int) {
	columns, rows, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0, 0
	}
	return columns, rows
}

// paper is what the command's output is written on.
func (a *app) paper() format.Style {
	f, ok := terminal(a.Out)
	if !ok {
		return format.Style{}
	}
	columns, _ := size(f)
	return format.Style{Color: a.colour(), Width: columns}
}

// colour follows --no-color and the customs of terminals.
func (a *app) colour() bool {
	return !a.plain && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}
