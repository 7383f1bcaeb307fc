from __future__ import annotations


def test_x(make_home):
    import time
    for s in ("trained",):
        t=time.process_time(); h=make_home(s); print(s, time.process_time()-t)
    from tests.homes import answered, zelo
    t=time.process_time(); answered("promote","pumps"); print(time.process_time()-t)
    t=time.process_time(); print(zelo("verify","pumps")); print(time.process_time()-t)

def test_y(make_home):
    import time
    from tests.homes import answered, zelo
    for s in ("replaced",):
        t=time.process_time(); h=make_home(s); print(s, time.process_time()-t)
    t=time.process_time(); print(zelo("verify","pumps")); print(time.process_time()-t)
    t=time.process_time(); print(h.bundle("champion").hash); print(time.process_time()-t)
    t=time.process_time(); print(zelo("rollback","pumps", "--reason", "x")); print(time.process_time()-t)
