// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"errors"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"

	"github.com/rerig/rerig/internal/engine"
)

func TestConnectNowhere(t *testing.T) {
	empty := t.TempDir()
	t.Setenv("HOME", empty)
	t.Setenv("KUBECONFIG", filepath.Join(empty, "absent"))
	t.Setenv("KUBERNETES_SERVICE_HOST", "")
	broken := filepath.Join(empty, "broken")
	if err := os.WriteFile(broken, []byte("no: [kubeconfig"), 0o600); err != nil {
		t.Fatal(err)
	}
	whole := filepath.Join(empty, "whole")
	if err := os.WriteFile(whole, []byte("apiVersion: v1\nkind: Config\ncontexts:\n- {name: west, context: {cluster: w}}\n- {name: east, context: {cluster: e}}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct{ file, context, says string }{
		"nothing set":     {"", "", "set KUBECONFIG, or name a file"},
		"no such file":    {filepath.Join(empty, "absent"), "", "absent"},
		"a broken file":   {broken, "", "read kubeconfig"},
		"no such context": {"", "elsewhere", `"elsewhere"`},
		"another context": {whole, "elsewhere", "there are: east, west"},
	} {
		_, err := Connect(test.file, test.context)
		if err == nil || !strings.HasPrefix(err.Error(), "no cluster: ") || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: got %v, want %q", name, err, test.says)
		}
	}
}

func TestObserveNowhere(t *testing.T) {
	server := httptest.NewServer(nil)
	server.Close()
	c, err := New(&rest.Config{Host: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Observe(t.Context()); err == nil || !strings.HasPrefix(err.Error(), "no cluster: ") {
		t.Errorf("got %v", err)
	}
}

func TestWriting(t *testing.T) {
	r := schema.GroupResource{Resource: "namespaces"}
	for name, test := range map[string]struct{ err, is error }{
		"a conflict":    {apierrors.NewConflict(r, "shop", errors.New("changed")), engine.ErrConflict},
		"gone":          {apierrors.NewNotFound(r, "shop"), engine.ErrConflict},
		"not permitted": {apierrors.NewForbidden(r, "shop", errors.New("no")), engine.ErrRefused},
		"not valid":     {apierrors.NewInvalid(schema.GroupKind{}, "shop", nil), engine.ErrRefused},
	} {
		if got := writing("label shop", test.err); !errors.Is(got, test.is) || !strings.HasPrefix(got.Error(), "label shop: ") {
			t.Errorf("%s: got %v", name, got)
		}
	}
	if got := writing("label shop", apierrors.NewServiceUnavailable("later")); errors.Is(got, engine.ErrConflict) || errors.Is(got, engine.ErrRefused) {
		t.Errorf("a server that is away counts as an answer: %v", got)
	}
}
