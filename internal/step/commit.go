// SPDX-License-Identifier: Apache-2.0

package step

import "fmt"

// ToCommit says what somebody else has to commit for a step, "" where the run
// writes by itself.
func (s Step) ToCommit() string {
	if s.By == "" || s.Kind == Remove {
		return ""
	}
	return fmt.Sprintf("namespace %s is kept by %s: commit there its labels %s (now %s)", s.Subject, s.By, s.To, s.From)
}

// Commits is what the stage in turn waits for somebody to commit, a text a step.
func Commits(left []Stage) []string {
	var list []string
	if len(left) == 0 {
		return nil
	}
	for _, s := range left[0].Steps {
		if text := s.ToCommit(); text != "" {
			list = append(list, text)
		}
	}
	return list
}
