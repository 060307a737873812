// SPDX-License-Identifier: Apache-2.0

package istio

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

var kindLine = regexp.MustCompile(`(?m)^kind: "?(\w+)`)

// Components has every kind that Istio's chart istiod renders: a removal would leave
// behind what it does not have.
func TestComponentsHaveKindsOfChart(t *testing.T) {
	dir := os.Getenv("RERIG_CACHE")
	if user, err := os.UserCacheDir(); dir == "" && err == nil {
		dir = filepath.Join(user, "rerig")
	}
	templates, err := filepath.Glob(filepath.Join(dir, "parts", "charts-*", "istiod", "templates", "*.yaml"))
	if err != nil || len(templates) == 0 {
		t.Skip("the lab's cache holds no charts (make lab-up fetches them)")
	}
	for _, path := range templates {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range kindLine.FindAllStringSubmatch(string(text), -1) {
			if _, known := Component(found[1]); !known {
				t.Errorf("%s renders a %s", path, found[1])
			}
		}
	}
}
