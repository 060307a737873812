// SPDX-License-Identifier: Apache-2.0

package supervise

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/rerig/rerig/lab/internal/flock"
	"github.com/rerig/rerig/lab/internal/state"
)

// startWithin is how long a new supervisor may take to hold its lock.
const startWithin = 10 * time.Second

// Alive says whether the lab has a supervisor.
func Alive(l state.Lab) bool { return flock.Held(l.Supervisor()) }

// Await waits until the lab's nodes are ready and tells say what the supervisor
// says meanwhile. A supervisor that fails or is gone is an error with its reason.
func Await(ctx context.Context, l state.Lab, say io.Writer) error {
	if _, err := os.Stat(l.Ready()); err == nil {
		return nil // it was up already, and has told its story
	}
	began, told := time.Now(), int64(0)
	for {
		told = follow(logFile(l), told, say)
		if _, err := os.Stat(l.Ready()); err == nil {
			return nil
		}
		if reason, err := os.ReadFile(l.Failed()); err == nil {
			return fmt.Errorf("bring up lab %s: %s", l.Name, reason)
		}
		if !Alive(l) && time.Since(began) > startWithin {
			return fmt.Errorf("bring up lab %s: its supervisor is gone; its log is %s", l.Name, logFile(l))
		}
		select {
		case <-ctx.Done():
			return errors.Join(fmt.Errorf("wait for lab %s", l.Name), ctx.Err())
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// follow copies what was added to a file since told, and says how far it got.
func follow(path string, told int64, to io.Writer) int64 {
	f, err := os.Open(path)
	if err != nil {
		return told
	}
	defer f.Close()
	n, _ := io.Copy(to, io.NewSectionReader(f, told, 1<<20))
	return told + n
}
