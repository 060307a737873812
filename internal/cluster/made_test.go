// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

var kindLine = regexp.MustCompile(`(?m)^kind: "?(\w+)`)

// Of each kind that Istio's chart istiod renders it is known where its objects are
// found: what is not would be left behind by a removal.
func TestEachKindOfTheChartIsKnown(t *testing.T) {
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
			if _, known := made[found[1]]; !known {
				t.Errorf("%s renders a %s", path, found[1])
			}
		}
	}
}
