// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
)

// undrained is the only service of the shop that does not drain.
const undrained = "rates"

// loadReport is the part of the load generator's report that the demo prints.
type loadReport struct {
	Seconds float64 `json:"seconds"`
	Sent    int     `json:"sent"`
	OK      int     `json:"ok"`
	Failed  int     `json:"failed"`
	Places  []struct {
		Place  string `json:"place"`
		Failed int    `json:"failed"`
	} `json:"places"`
	Held []struct {
		Place string `json:"place"`
		Cut   int    `json:"cut"`
	} `json:"held"`
}

func readLoadReport(ctx context.Context) (loadReport, error) {
	content, err := output(ctx, "bin/lab", "load", "--name", labName, "--output", "json")
	if err != nil {
		return loadReport{}, err
	}
	var r loadReport
	if err := json.Unmarshal([]byte(content), &r); err != nil {
		return loadReport{}, fmt.Errorf("read the report of the load generator: %w", err)
	}
	return r, nil
}

// text lists where requests failed, and whether the plan had warned about it.
func (r loadReport) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d requests in %.0f s: %d succeeded, %d failed.\n", r.Sent, r.Seconds, r.OK, r.Failed)
	for _, p := range r.Places {
		reason := "not expected by the plan; requests can time out on a busy machine"
		if p.Place == undrained {
			reason = "expected by the plan, because it does not drain"
		}
		fmt.Fprintf(&b, "  %s: %d failed, %s\n", p.Place, p.Failed, reason)
	}
	for _, h := range r.Held {
		if h.Cut > 0 {
			fmt.Fprintf(&b, "  %s: %d long-lived connections cut\n", h.Place, h.Cut)
		}
	}
	fmt.Fprintf(&b, "Each failure with time and place: bin/lab load --name %s\n", labName)
	return b.String()
}
