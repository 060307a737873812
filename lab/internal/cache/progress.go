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

// progress says that a build goes on: on a terminal one line that counts the
// seconds, elsewhere a line each half minute. The returned function ends it.
func progress(out io.Writer, name string) func(error) {
	if out == nil {
		return func(error) {}
	}
	began, stop := time.Now(), make(chan struct{})
	every, format := 30*time.Second, "building %s … %s\n"
	if terminal(out) {
		every, format = time.Second, "\r\x1b[Kbuilding %s … %s"
	}
	fmt.Fprintf(out, format, name, "0s")
	var wg sync.WaitGroup
	wg.Go(func() {
		t := time.NewTicker(every)
		defer t.Stop()
		for {
			select {
			case <-stop:
				return
			case <-t.C:
				fmt.Fprintf(out, format, name, elapsed(began))
			}
		}
	})
	return func(err error) {
		close(stop)
		wg.Wait()
		if terminal(out) {
			fmt.Fprint(out, "\r\x1b[K")
		}
		if err == nil {
			fmt.Fprintf(out, "built %s in %s\n", name, elapsed(began))
			return
		}
		fmt.Fprintf(out, "building %s failed after %s\n", name, elapsed(began))
	}
}

func elapsed(since time.Time) time.Duration { return time.Since(since).Round(time.Second) }

func terminal(out io.Writer) bool {
	f, ok := out.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
