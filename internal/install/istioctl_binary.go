// SPDX-License-Identifier: Apache-2.0

package install

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os/exec"
	"strings"
	"time"
)

// Istioctl is the user's istioctl.
type Istioctl struct {
	Path    string `json:"path"`
	Version string `json:"version"` // as it says itself
}

// FindIstioctl finds the istioctl at path, or without one in PATH, and asks its
// version. Nothing is downloaded.
func FindIstioctl(ctx context.Context, path string) (Istioctl, error) {
	wanted := path
	if wanted == "" {
		wanted = "istioctl"
	}
	found, err := exec.LookPath(wanted)
	switch {
	case err != nil && path == "":
		return Istioctl{}, errors.New("find istioctl: there is none in PATH; put the one of the target's version there, or name it with --istioctl")
	case errors.Is(err, fs.ErrPermission):
		return Istioctl{}, fmt.Errorf("find istioctl: %s cannot be executed; make it executable, or name another with --istioctl", path)
	case err != nil:
		return Istioctl{}, fmt.Errorf("find istioctl: %s: %w; name another with --istioctl", path, unwrapExecError(err))
	}
	version, err := queryVersion(ctx, found)
	if err != nil {
		return Istioctl{}, err
	}
	return Istioctl{Path: found, Version: version}, nil
}

func queryVersion(ctx context.Context, path string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	command := exec.CommandContext(ctx, path, "version", "--remote=false", "-o", "json")
	command.WaitDelay = time.Second
	output, err := command.Output()
	if ctx.Err() != nil {
		return "", fmt.Errorf("ask %s for its version: %w", path, ctx.Err())
	}
	if err != nil {
		return "", fmt.Errorf("ask %s for its version: %w; is it an istioctl?", path, unwrapExecError(err))
	}
	var answer struct {
		ClientVersion struct {
			Version string `json:"version"`
		} `json:"clientVersion"`
	}
	if json.Unmarshal(output, &answer) != nil || answer.ClientVersion.Version == "" {
		return "", fmt.Errorf("ask %s for its version: it answered %q; is it an istioctl?", path, firstLine(output))
	}
	return answer.ClientVersion.Version, nil
}

// checkVersion refuses an istioctl that would install another version than the plan
// names: its charts and its idea of the mesh are those of its own version.
func (i Istioctl) checkVersion(version string) error {
	if SameVersion(i.Version, version) {
		return nil
	}
	return fmt.Errorf("istioctl %s is version %s, but the plan installs %s: name the istioctl of %s with --istioctl, or ask for version %s",
		i.Path, i.Version, version, version, i.Version)
}

// unwrapExecError strips exec.Error's repetition of the program's name.
func unwrapExecError(err error) error {
	if e, ok := errors.AsType[*exec.Error](err); ok {
		return e.Err
	}
	return err
}

func firstLine(output []byte) string {
	line, _, _ := strings.Cut(strings.TrimSpace(string(output)), "\n")
	return line
}
