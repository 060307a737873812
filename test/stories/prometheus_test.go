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

// requireMetrics waits until the lab's Prometheus returns these values, with every
// target up.
func (l *lab) requireMetrics(t *testing.T, want map[string]float64) {
	t.Helper()
	found := prometheusAt.FindStringSubmatch(runLab(t, "status", "--name", l.name))
	if found == nil {
		t.Fatal("the lab does not say where its Prometheus is")
	}
	want["count(up == 0) or vector(0)"] = 0
	eventually(t, 90*time.Second, func() error {
		for query, value := range want {
			got, err := queryPrometheus(found[1], query)
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

// queryPrometheus returns the one number that is the result of a query.
func queryPrometheus(server, query string) (float64, error) {
	client := http.Client{Timeout: 10 * time.Second}
	answer, err := client.Get(server + "/api/v1/query?query=" + url.QueryEscape(query))
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	var out struct {
		Data struct {
			Result []struct{ Value [2]any }
		}
	}
	if err := json.NewDecoder(answer.Body).Decode(&out); err != nil {
		return 0, err
	}
	if len(out.Data.Result) != 1 {
		return 0, fmt.Errorf("%d results, want one", len(out.Data.Result))
	}
	text, _ := out.Data.Result[0].Value[1].(string)
	return strconv.ParseFloat(text, 64)
}
