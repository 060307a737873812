// SPDX-License-Identifier: Apache-2.0

package live

import (
	"encoding/json"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/rerig/rerig/internal/engine"
)

// Cast records what is written to it, with times, as an asciicast (version 2).
type Cast struct {
	mutex sync.Mutex
	out   io.Writer
	clock engine.Clock
	began time.Time
}

// NewCast returns a recording of a terminal of that size. It writes the header at once.
func NewCast(out io.Writer, columns, rows int, clock engine.Clock) (*Cast, error) {
	_, err := fmt.Fprintf(out, `{"version": 2, "width": %d, "height": %d}`+"\n", columns, rows)
	return &Cast{out: out, clock: clock, began: clock.Now()}, err
}

// Write records output of the terminal.
func (c *Cast) Write(p []byte) (int, error) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	text, err := json.Marshal(string(p))
	if err != nil {
		return 0, err
	}
	seconds := c.clock.Now().Sub(c.began).Seconds()
	if _, err := fmt.Fprintf(c.out, "[%.3f, \"o\", %s]\n", seconds, text); err != nil {
		return 0, err
	}
	return len(p), nil
}
