// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
)

// undrained is the one service of the shop that ends at once when it is told to.
const undrained = "rates"

// load is what the demo tells of the load's report.
type load struct {
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

func reported(ctx context.Context) (load, error) {
	said, err := answer(ctx, "bin/lab", "load", "--name", name, "--output", "json")
	if err != nil {
		return load{}, err
	}
	var l load
	if err := json.Unmarshal([]byte(said), &l); err != nil {
		return load{}, fmt.Errorf("read the load's report: %w", err)
	}
	return l, nil
}

// text tells where requests failed, and whether the plan had said so.
func (l load) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d requests in %.0f s: %d answered, %d failed.\n", l.Sent, l.Seconds, l.OK, l.Failed)
	for _, p := range l.Places {
		why := "which the plan had not named; on a machine that is busy with more than the lab some time out"
		if p.Place == undrained {
			why = "which does not drain: the plan had named it"
		}
		fmt.Fprintf(&b, "  failed at %s: %d, %s\n", p.Place, p.Failed, why)
	}
	for _, h := range l.Held {
		if h.Cut > 0 {
			fmt.Fprintf(&b, "  connections held for long to %s that were cut: %d\n", h.Place, h.Cut)
		}
	}
	fmt.Fprintf(&b, "Each one, with its time and place: bin/lab load --name %s\n", name)
	return b.String()
}
