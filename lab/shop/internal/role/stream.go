// SPDX-License-Identifier: Apache-2.0

package role

import (
	"fmt"
	"net/http"
	"time"
)

// stream is a response that is held: a line at every beat, until the caller goes or the service does.
func (web Web) stream(w http.ResponseWriter, r *http.Request) {
	beat := time.NewTicker(web.Beat)
	defer beat.Stop()
	out := http.NewResponseController(w)
	for {
		if _, err := fmt.Fprintf(w, "here is %s\n", web.Pod); err != nil {
			return
		}
		if err := out.Flush(); err != nil {
			return
		}
		select {
		case <-beat.C:
		case <-r.Context().Done():
			return
		case <-web.Going:
			// Ended in the middle, not properly: whoever holds the stream has to see that it was cut.
			panic(http.ErrAbortHandler)
		}
	}
}
