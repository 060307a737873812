// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"testing"
)

func TestLoadText(t *testing.T) {
	var l load
	err := json.Unmarshal([]byte(`{"seconds": 90.2, "sent": 9000, "ok": 8990, "failed": 10,
		"places": [{"place": "cart", "failed": 1}, {"place": "rates", "failed": 9}],
		"held": [{"place": "ledger", "cut": 2}, {"place": "web", "cut": 0}]}`), &l)
	if err != nil {
		t.Fatal(err)
	}
	want := `9000 requests in 90 s: 8990 answered, 10 failed.
  failed at cart: 1, which the plan had not named; on a machine that is busy with more than the lab some time out
  failed at rates: 9, which does not drain: the plan had named it
  connections held for long to ledger that were cut: 2
Each one, with its time and place: bin/lab load --name demo
`
	if got := l.text(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
