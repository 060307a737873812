// SPDX-License-Identifier: Apache-2.0

package proxy

import (
	"encoding/json"
	"regexp"
	"strings"
)

// versionAnswer matches istiod's answer to GET /version, "version-gitrevision-status"
// in one line: BuildInfo.String in pkg/version/version.go @1.29.1. The version
// itself may have dashes (1.31.0-rc.0), the other two have none.
var versionAnswer = regexp.MustCompile(`^(\S+)-[^-\s]+-[^-\s]+$`)

// readVersion reads that answer, or the JSON of the same BuildInfo. It returns ""
// for a binary that was built without a version.
func readVersion(answer []byte) string {
	var info struct {
		Version string `json:"version"`
	}
	version := ""
	if json.Unmarshal(answer, &info) == nil {
		version = info.Version
	} else if m := versionAnswer.FindStringSubmatch(strings.TrimSpace(string(answer))); m != nil {
		version = m[1]
	}
	if version == "unknown" {
		return ""
	}
	return version
}
