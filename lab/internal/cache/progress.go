// SPDX-License-Identifier: Apache-2.0

package cache

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/term"
)

// reportProgress reports that a build is running: on a terminal with one line that counts seconds,
// elsewhere with a line every 30 s. The returned function ends the report.
func reportProgress(out io.Writer, name string) func(error) {
	if out == nil {
		return func(error) {}
	}
	start, stop := time.Now(), make(chan struct{})
	interval, format := 30*time.Second, "building %s … %s\n"
	if isTerminal(out) {
		interval, format = time.Second, "\r\x1b[Kbuilding %s … %s"
	}
	fmt.Fprintf(out, format, name, "0s")
	var wg sync.WaitGroup
	wg.Go(func() {
		t := time.NewTicker(interval)
		defer t.Stop()
		for {
			select {
			case <-stop:
				return
			case <-t.C:
				fmt.Fprintf(out, format, name, elapsedSince(start))
			}
		}
	})
	return func(err error) {
		close(stop)
		wg.Wait()
		if isTerminal(out) {
			fmt.Fprint(out, "\r\x1b[K")
		}
		if err == nil {
			fmt.Fprintf(out, "built %s in %s\n", name, elapsedSince(start))
			return
		}
		fmt.Fprintf(out, "building %s failed after %s\n", name, elapsedSince(start))
	}
}

func elapsedSince(since time.Time) time.Duration { return time.Since(since).Round(time.Second) }

func isTerminal(out io.Writer) bool {
	f, ok := out.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
