// SPDX-License-Identifier: Apache-2.0

package stories

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"testing"
	"time"
)

var prometheusAt = regexp.MustCompile(`(?m)^prometheus\s+(http://\S+)$`)

// scraped waits until the lab's Prometheus gives these answers, and has every target up.
func (l *lab) scraped(t *testing.T, want map[string]float64) {
	t.Helper()
	found := prometheusAt.FindStringSubmatch(runLab(t, "status", "--name", l.name))
	if found == nil {
		t.Fatal("the lab does not say where its Prometheus is")
	}
	want["count(up == 0) or vector(0)"] = 0
	eventually(t, 90*time.Second, func() error {
		for query, value := range want {
			got, err := asked(found[1], query)
			if err != nil {
				return fmt.Errorf("ask Prometheus for %s: %w", query, err)
			}
			if got != value {
				return fmt.Errorf("Prometheus: %s is %g, want %g", query, got, value)
			}
		}
		return nil
	})
}

// asked is the one number that a query gives.
func asked(server, query string) (float64, error) {
	client := http.Client{Timeout: 10 * time.Second}
	answer, err := client.Get(server + "/api/v1/query?query=" + url.QueryEscape(query))
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	var said struct {
		Data struct {
			Result []struct{ Value [2]any }
		}
	}
	if err := json.NewDecoder(answer.Body).Decode(&said); err != nil {
		return 0, err
	}
	if len(said.Data.Result) != 1 {
		return 0, fmt.Errorf("%d results, want one", len(said.Data.Result))
	}
	text, _ := said.Data.Result[0].Value[1].(string)
	return strconv.ParseFloat(text, 64)
}
