# What EvalPlus makes of an answer before it is run (Liu et al. 2023, arXiv 2305.01210): the longest span of lines that parses,
# and of it the imports and the definitions that the function under test reaches. Of two definitions of a name the first
# counts, a function without a return is none, and top-level calls and prints are left out.


def sanitize(code, entry):
    import ast

    def parses(text):
        try:
            return ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None

    def longest(lines):
        full = [bool(line.strip()) for line in lines]
        best, found = 0, None
        for start in range(len(lines)):
            if sum(full[start:]) <= best:
                break
            for end in range(len(lines), start, -1):
                length = sum(full[start:end])
                if length <= best:
                    break
                text = "\n".join(lines[start:end])
                tree = parses(text)
                if tree is not None:
                    best, found = length, (text, tree)
                    break
        return found

    def named(node):
        if isinstance(node, ast.ClassDef):
            return [node.name]
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            return [node.name] if any(isinstance(n, ast.Return) for n in ast.walk(node)) else []
        if isinstance(node, ast.Assign):
            return [t.id for t in node.targets if isinstance(t, ast.Name)]
        if isinstance(node, ast.AnnAssign):
            return [node.target.id] if isinstance(node.target, ast.Name) else []
        return []

    span = longest(code.split("\n"))
    if span is None:
        return code  # the error of the whole is told
    text, tree = span
    definitions, imports = {}, []
    for node in tree.body:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            imports.append(node)
        for name in named(node):
            definitions.setdefault(name, node)
    reached, todo = set(), [entry]
    while todo:
        name = todo.pop()
        if name in reached or name not in definitions:
            continue
        reached.add(name)
        todo += [n.id for n in ast.walk(definitions[name]) if isinstance(n, ast.Name)]
    kept = {id(definitions[name]): definitions[name] for name in reached}
    order = sorted(kept.values(), key=lambda n: n.lineno)
    return "\n".join(ast.unparse(n) for n in imports + order) + "\n"
