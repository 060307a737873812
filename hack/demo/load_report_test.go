// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"testing"
)

func TestLoadReportText(t *testing.T) {
	var r loadReport
	err := json.Unmarshal([]byte(`{"seconds": 90.2, "sent": 9000, "ok": 8990, "failed": 10,
		"places": [{"place": "cart", "failed": 1}, {"place": "rates", "failed": 9}],
		"held": [{"place": "ledger", "cut": 2}, {"place": "web", "cut": 0}]}`), &r)
	if err != nil {
		t.Fatal(err)
	}
	want := `9000 requests in 90 s: 8990 succeeded, 10 failed.
  cart: 1 failed, not expected by the plan; requests can time out on a busy machine
  rates: 9 failed, expected by the plan, because it does not drain
  ledger: 2 long-lived connections cut
Each failure with time and place: bin/lab load --name demo
`
	if got := r.text(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
