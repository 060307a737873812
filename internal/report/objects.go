// SPDX-License-Identifier: Apache-2.0

package report

import (
	"encoding/json"
	"io"

	"github.com/rerig/rerig/internal/engine"
)

// Objects tells a run as JSON, one object a line: for programs.
type Objects struct {
	Out  io.Writer
	news news
}

// Report writes an event, where it has news.
func (o *Objects) Report(e engine.Event) {
	if !o.news.fresh(e) {
		return
	}
	encoder := json.NewEncoder(o.Out)
	encoder.SetEscapeHTML(false)
	// An event is made of texts, numbers and times: it always encodes. A reader
	// that is gone is no reason to stop a run.
	_ = encoder.Encode(e)
}
